"""JPEGs of a set weight, as clean as those of the phone: the server decodes each of them."""

import io

from PIL import Image, ImageEnhance

from e2e.support.camera import photograph

SIZE = (800, 600)


def jpegs(count: int, weight: int) -> list[bytes]:
    """Different pictures of ``weight`` bytes, within a tenth."""
    picture = photograph().resize(SIZE)
    grain = Image.effect_noise(SIZE, 40).convert("RGB")
    return [
        _of_weight(
            ImageEnhance.Brightness(Image.blend(picture, grain, 0.2)).enhance(0.9 + number / 50), weight
        )
        for number in range(count)
    ]


def _of_weight(picture: Image.Image, weight: int) -> bytes:
    for quality in range(95, 10, -1):
        body = _encoded(picture, quality)
        if len(body) <= weight:
            assert len(body) >= 0.9 * weight, f"no quality makes {weight} bytes of this picture"
            return body
    raise AssertionError(f"this picture does not fit into {weight} bytes")


def _encoded(picture: Image.Image, quality: int) -> bytes:
    body = io.BytesIO()
    picture.save(body, "JPEG", quality=quality)
    return body.getvalue()
