"""Index the queue's table for the workers' query; django-q2 has no index of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("django_q", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="CREATE INDEX vidgo_queue_by_lock ON django_q_ormq (key, lock)",
            reverse_sql="DROP INDEX vidgo_queue_by_lock",
        )
    ]
