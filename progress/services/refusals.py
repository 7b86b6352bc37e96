"""What a service raises when a wish is understood and cannot be granted; the API answers 409 with its words."""


class Conflict(Exception):
    """The state does not allow it. `detail` is for the person who asked."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class LessonNotPassed(Conflict):
    """The lesson counts as complete only when its blocks are passed, and some are not."""

    def __init__(self, passed: int, total: int) -> None:
        super().__init__(
            f"This lesson is complete when its questions and exercises are passed: {passed} of {total} are."
        )
        self.passed, self.total = passed, total
