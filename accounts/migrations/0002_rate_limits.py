import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_start")]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="requests_per_minute",
            field=models.PositiveIntegerField(
                blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)]
            ),
        ),
        migrations.CreateModel(
            name="RateBucket",
            fields=[
                (
                    "subject",
                    models.CharField(max_length=80, primary_key=True, serialize=False),
                ),
                ("full_at", models.DateTimeField()),
            ],
        ),
        # Each request writes here, and a crash may well fill every bucket. Room in each page lets
        # a new version of a row lie beside the old one, without touching the index.
        migrations.RunSQL(
            sql=[
                "ALTER TABLE accounts_ratebucket SET UNLOGGED",
                "ALTER TABLE accounts_ratebucket SET (fillfactor = 50)",
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
