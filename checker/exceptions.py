"""What the checker raises: one exception, for input that cannot be checked at all."""


class CheckInputError(ValueError):
    """When the data or criteria are not what the checker knows, so that no verdict is possible."""
