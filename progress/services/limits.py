"""How often a person may practise, save, sync and download, on pages and in the API together. Reasons: decision 15."""

from accounts.services.limits import Limit

ATTEMPTS = Limit("attempts", 60, 60)
WORK = Limit("work", 120, 30)
SYNC = Limit("sync", 60, 60)
CHANGES = Limit("changes", 120, 30)
DOWNLOADS = Limit("downloads", 60, 30)
