"""Draw every primitive, layout and profile: `python scripts/gallery.py`. Same as `vectorae gallery`."""

from vectorae.commands.gallery import main

if __name__ == "__main__":
    raise SystemExit(main())
