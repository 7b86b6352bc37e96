"""What pages and API accept as an id in an address; importing this registers them by name."""

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter


class IdConverter(IntConverter):
    """An id that fits PostgreSQL's bigint: a longer number is a 404 and not an out-of-range fault."""

    regex = "[0-9]{1,18}"


class BlockConverter(StringConverter):
    """A block's id, as `courses.content.schema` has it."""

    regex = "[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}"


class ChecksumConverter(StringConverter):
    """A SHA-256 in hex."""

    regex = "[0-9a-f]{64}"


register_converter(IdConverter, "id")
register_converter(ChecksumConverter, "sha256")
register_converter(BlockConverter, "block_id")
