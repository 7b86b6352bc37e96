"""`manage.py reseal_second_factors`: after a change of SECRET_KEY, before the old one leaves SECRET_KEY_FALLBACKS."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services.sealing import reseal_all


class Command(BaseCommand):
    help = "Seal the stored secrets of second factors with the SECRET_KEY of today."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{reseal_all()} second factors are sealed with the SECRET_KEY of today.")
