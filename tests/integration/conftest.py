"""The fixtures of the layers that run over the cloud in this process."""

from tests.support.fixtures import _beginnings as _beginnings
from tests.support.fixtures import _cloud as _cloud
from tests.support.fixtures import _house as _house
from tests.support.fixtures import _running as _running
from tests.support.logs import _nothing_personal_is_logged as _nothing_personal_is_logged
