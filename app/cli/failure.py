"""What a command says when it cannot do what was asked."""


class Failure(Exception):
    """A foreseen failure: one sentence for the user, and the exit code of the process."""

    def __init__(self, sentence: str, *, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
