"""Seals the secrets of second factors that were stored in clear."""

from django.db import migrations

from accounts.services.sealing import PREFIX, seal, unseal


def _change_all(apps, change):
    authenticators = apps.get_model("mfa", "Authenticator").objects
    for row in authenticators.filter(type__in=("totp", "recovery_codes")).select_for_update().iterator(500):
        for name in ("secret", "seed"):
            if name in row.data:
                row.data[name] = change(row.data[name])
        if "migrated_codes" in row.data:
            row.data["migrated_codes"] = [change(code) for code in row.data["migrated_codes"]]
        row.save(update_fields=["data"])


def seal_all(apps, schema_editor):
    _change_all(apps, lambda stored: stored if stored.startswith(PREFIX) else seal(stored))


def unseal_all(apps, schema_editor):
    _change_all(apps, unseal)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_tokens_limits_deletion"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [migrations.RunPython(seal_all, unseal_all)]
