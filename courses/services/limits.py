"""How often the catalogue may be read: by address while nobody is logged in, so by a whole classroom together."""

from accounts.services.limits import Limit

READS = Limit("reads", 300, 30)
