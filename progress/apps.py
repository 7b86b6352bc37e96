"""Django application: see README.md in this folder."""

from django.apps import AppConfig


class ProgressConfig(AppConfig):
    name = "progress"

    def ready(self) -> None:
        from courses.services.listeners import count_learners_with, on_content_change
        from progress.selectors.counting import learner_counts
        from progress.selectors.personal_data import register_sections
        from progress.services.completing import settle_finished
        from progress.services.live_blocks import certify, refresh_results

        on_content_change(refresh_results)
        on_content_change(settle_finished)
        on_content_change(certify)
        count_learners_with(learner_counts)
        register_sections()
