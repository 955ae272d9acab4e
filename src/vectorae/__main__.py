"""`python -m vectorae COMMAND …`: the same as `vectorae COMMAND …`."""

from vectorae.commands import main

if __name__ == "__main__":
    # Lightning starts the other processes of a DDP run as `python -m` the module of this spec, whose arguments would
    # lack the command's name; without one it executes sys.argv[0], the command's file.
    __spec__ = None
    raise SystemExit(main())
