"""Why a version can't become Active, when the function itself is to blame."""


class Unready(Exception):
    """`code` is AWS's StateReasonCode, such as "FunctionError.RuntimeInitError"; `reason` goes beside it."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
