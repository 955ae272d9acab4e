"""What a user did wrong, in one line."""


class UserError(Exception):
    """A user's mistake: a typo in a config, a missing file, an unsupported combination.

    The message is one clear line that names the key or file and says what to do. The commands print it without a
    traceback and exit with code 2; as a library it is an ordinary exception.
    """
