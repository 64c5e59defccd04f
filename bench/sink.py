"""A stand-in server that does nothing: it reads what is sent, and answers success at once.

Bare PUTs against it are the floor of the replay; the phone's own modules against it show what the
phone alone costs. ``python -m bench.sink PORT`` serves it, with the repository's own modules.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop

from app.server.serving import options, serve_together

ROOT = Path(__file__).resolve().parent.parent
TYPES = {".js": "text/javascript", ".html": "text/html"}
CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"PUT"),
    (b"access-control-allow-headers", b"content-type,if-none-match,cache-control,x-amz-checksum-sha256,"
     b"x-amz-server-side-encryption"),
]  # fmt: skip
UPLOAD_HEADERS = {
    "Content-Type": "image/jpeg",
    "x-amz-server-side-encryption": "AES256",
    "x-amz-checksum-sha256": "A" * 43 + "=",
    "If-None-Match": "*",
    "Cache-Control": "private, max-age=31536000, immutable",
}


async def sink(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI app."""
    if scope["type"] != "http":
        return
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    content_type, answer = _answer(scope["method"], scope["path"], bytes(body))
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(answer)).encode()),
               (b"x-cp-server", b"capture/1"), *CORS]  # fmt: skip
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def _answer(method: str, path: str, body: bytes) -> tuple[str, bytes]:
    if path.endswith("/presign"):
        photos = msgspec.json.decode(body)["photos"]
        return "application/json", msgspec.json.encode({"results": [_upload(photo) for photo in photos]})
    if path.endswith("/complete"):
        return "application/json", msgspec.json.encode(
            _receipt(path.split("/")[-2], msgspec.json.decode(body))
        )
    if method == "GET" and path.startswith("/pwa/"):
        file = ROOT / path[1:]
        return TYPES[file.suffix], file.read_bytes()
    return ("text/html", b"<!doctype html><title>floor</title>") if method == "GET" else ("text/plain", b"")


def _upload(photo: dict[str, Any]) -> dict[str, Any]:
    upload = {
        "url": f"/photos/{photo['photoId']}",
        "method": "PUT",
        "headers": UPLOAD_HEADERS,
        "expiresIn": 300,
    }
    return {"photoId": photo["photoId"], "upload": upload}


def _receipt(photo_id: str, claim: dict[str, Any]) -> dict[str, Any]:
    return {**claim, "photoId": photo_id, "state": "stored", "filedIn": claim["consultationId"],
            "receivedAt": "2026-11-22T10:41:00.123Z", "late": False}  # fmt: skip


def main(port: int) -> None:
    """Serve until a signal."""
    config = uvicorn.Config(sink, port=port, lifespan="off", **options())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_together([config], lambda: print("serving", flush=True)))


if __name__ == "__main__":
    main(int(sys.argv[1]))
