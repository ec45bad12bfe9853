"""Publishing without a deploy: tables of the law and procedures of provinces, drafted, previewed, put in force."""
