"""Export a trained encoder: `python scripts/export.py checkpoint=PATH format=onnx output=FOLDER`.

Same as `vectorae export`.
"""

from vectorae.commands.export import main

if __name__ == "__main__":
    raise SystemExit(main())
