from django.db import migrations, models

from vidgo.kernel.db import tenant_context


class Migration(migrations.Migration):
    dependencies = [("generation", "0006_tenant_wall")]

    operations = [
        migrations.CreateModel(
            name="MarginDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("model", models.CharField(max_length=64)),
                ("provider", models.CharField(max_length=32)),
                ("images_count", models.PositiveIntegerField()),
                ("charged_credits", models.PositiveBigIntegerField()),
                ("cost_usd", models.DecimalField(decimal_places=6, max_digits=16)),
                ("failures_count", models.PositiveIntegerField()),
                ("failed_usd", models.DecimalField(decimal_places=6, max_digits=16)),
                ("doubles_count", models.PositiveIntegerField()),
                ("doubles_usd", models.DecimalField(decimal_places=6, max_digits=16)),
                ("unknown_count", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "model", "provider"), name="margin_day_is_written_once"
                    )
                ],
            },
        ),
        # No organization's: nobody behind the wall sees any.
        tenant_context.build(table="generation_marginday", condition="false"),
    ]
