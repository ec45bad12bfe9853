"""The environment of every function in tests: said once, and as complete as `chalicelib.settings` wants it."""

from __future__ import annotations

REGION, ACCOUNT = "ap-southeast-1", "123456789012"
TABLE, BUCKET, WORKING, ANCHORS = "bhxh", "documents", "working", "anchors"
STATUS_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:dossier-status.fifo"
NOTICE_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:notices"
NAMES = {
    "STAGE": "sandbox",
    "TABLE_NAME": TABLE,
    "DOCUMENTS_BUCKET": BUCKET,
    "STATUS_TOPIC_ARN": STATUS_TOPIC,
    "NOTICE_TOPIC_ARN": NOTICE_TOPIC,
    "DOSSIER_MACHINE_ARN": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:dossier",
    "COVER_MACHINE_ARN": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:cover",
    "CAMPAIGN_MACHINE_ARN": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:campaign",
    "IDENTIFIER_KEY_SECRET": "identifier-key",
    "FIELD_KEY": "field-key",
    "FIELD_KEY_SECONDS": "300",
    "FIELD_ENCRYPTION": "on",
    "JWT_ISSUER": "https://issuer.example",
    "JWT_AUDIENCE": "bhxh-602e",
    "JWKS_PARAMETER": "/bhxh/jwks",
    "RENDERER_FUNCTION": "cover-renderer",
    "STATUS_PAGE": "https://dichvucong.example/ho-so/{code}",
    "COVER_TOKEN_KEYS": "token-key",
    "COVER_SALT_KEY": "salt-key",
    "WORKING_BUCKET": WORKING,
    "VERIFICATION_ADDRESS": "HTTPS://XACTHUC.VSS.GOV.VN/C/",
    "PORTAL_CERTIFICATE": "",
    "COVER_CERTIFICATES": "/bhxh/cover-certificates",
    "SIGNATURE_LEVEL": "B-B",
    "TIME_STAMPER": "",
    "WEBHOOKS_PARAMETER": "/bhxh/webhooks",
    "WEBHOOK_SECRETS": "webhook-secrets",
    "WEBHOOK_QUEUE_URL": "https://sqs.ap-southeast-1.amazonaws.com/123456789012/webhooks.fifo",
    "ANCHORS_BUCKET": ANCHORS,
    "CANARY_KEY": "canary-key",
    "CANARY_SENDER": "",
    "VOUCHER_QUEUE_URL": "https://sqs.ap-southeast-1.amazonaws.com/123456789012/vouchers",
}
"""What things are called."""

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
    **NAMES,
}
"""The same for a client of a mocked cloud, which wants credentials too."""
