"""Django application: see README.md in this folder."""

from django.apps import AppConfig


class ProgressConfig(AppConfig):
    name = "progress"

    def ready(self) -> None:
        from courses.services.listeners import count_learners_with, on_content_change
        from progress.selectors import learner_counts
        from progress.services import settle_finished

        on_content_change(settle_finished)
        count_learners_with(learner_counts)
