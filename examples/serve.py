"""Drawings over HTTP: an image is posted, its SVG comes back. Python's own server, for one user or behind another.

python serve.py outputs/…/checkpoints/best.ckpt 8000
curl --data-binary @photo.jpg http://127.0.0.1:8000 --output drawing.svg
"""

import io
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import vectorae

LARGEST = 20_000_000
"""Bytes of an image that is taken."""


def server(model: vectorae.VectorAutoencoder, port: int) -> HTTPServer:
    """A server of a trained model on this machine; port 0 is any that is free."""

    class Draw(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            try:
                if not 0 < length <= LARGEST:
                    raise ValueError(f"Content-Length must be in [1, {LARGEST}], got {length}")
                code, kind, body = 200, "image/svg+xml", drawn(model, self.rfile.read(length))
            except (OSError, ValueError) as error:  # no image, or one that the model does not take
                code, kind, body = 400, "text/plain", f"{error}\n"
            self.send_response(code)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

    return HTTPServer(("127.0.0.1", port), Draw)


def drawn(model: vectorae.VectorAutoencoder, file: bytes) -> str:
    """The SVG of an image file, as large as the image."""
    channels = model.layout.channels
    pixels = np.asarray(Image.open(io.BytesIO(file)).convert("L" if channels == 1 else "RGB"))
    image = torch.tensor(pixels).reshape(*pixels.shape[:2], channels).permute(2, 0, 1)
    return vectorae.to_svg(model.vectorize(image[None]), *pixels.shape[:2])[0]


if __name__ == "__main__":
    checkpoint, port = Path(sys.argv[1]), int(sys.argv[2])
    with server(vectorae.load(checkpoint), port) as running:
        print(f"http://127.0.0.1:{port}")
        running.serve_forever()
