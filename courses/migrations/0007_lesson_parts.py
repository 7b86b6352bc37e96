"""What a whole-course download says of a lesson's part. Filled by publishing; for older revisions, when first asked."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("courses", "0006_judged_blocks")]

    operations = [
        migrations.AddField(
            model_name="lessonrevision",
            name="part_sha256",
            field=models.CharField(
                blank=True, default="", help_text="Of what learners download; empty: not described yet.", max_length=64
            ),
        ),
        migrations.AddField(
            model_name="lessonrevision",
            name="part_size",
            field=models.PositiveBigIntegerField(default=0, help_text="Bytes."),
        ),
        migrations.AddField(
            model_name="lessonrevision",
            name="part_assets",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=80),
                blank=True,
                default=list,
                help_text="Stored files that it names.",
                size=None,
            ),
        ),
        migrations.AddIndex(
            model_name="lessonrevision",
            index=models.Index(
                condition=models.Q(("part_sha256", ""), _negated=True),
                fields=["part_sha256"],
                name="revision_part",
            ),
        ),
    ]
