"""Storing a picture that an author chose in the admin: as an import would, named by its content, an SVG made safe."""

import hashlib

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from courses.content.pictures import NotAPicture, picture_size, read_picture
from courses.models import Asset
from courses.selectors import stored_path

MAX_PICTURE = 10_000_000  # bytes


def store_picture(*, data: bytes) -> Asset:
    """Keep a picture. Idempotent: the same bytes are stored once.

    Raises:
        ValidationError: it is no picture that browsers show, too large, or an SVG that cannot be made safe.
    """
    if len(data) > MAX_PICTURE:
        raise ValidationError(f"the picture is over {MAX_PICTURE // 1_000_000} MB")
    try:
        kept, media_type, ending = read_picture(data)
    except NotAPicture as error:
        raise ValidationError(f"the file {error}") from error
    digest = hashlib.sha256(kept).hexdigest()
    width, height = picture_size(kept, media_type)
    name = f"{digest}.{ending}"
    path = stored_path(name)
    # The file comes first: a row without its file would be a broken picture, a file without its row harms nobody.
    if not default_storage.exists(path):
        default_storage.save(path, ContentFile(kept))
    asset, _ = Asset.objects.get_or_create(
        sha256=digest,
        defaults={"file": name, "media_type": media_type, "size": len(kept), "width": width, "height": height},
    )
    return asset
