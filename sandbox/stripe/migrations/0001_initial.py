import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('copy', models.PositiveSmallIntegerField(default=1)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('gave up', 'Gave Up'), ('dropped', 'Dropped')], default='pending', max_length=10)),
                ('due_at', models.DateTimeField()),
                ('claimed_until', models.DateTimeField(null=True)),
                ('tries_made', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=80, unique=True)),
                ('type', models.CharField(max_length=80)),
                ('created', models.BigIntegerField()),
                ('subject', models.CharField(db_index=True, max_length=80)),
                ('payment_intent', models.CharField(blank=True, db_index=True, max_length=80)),
                ('body', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(max_length=40)),
                ('subject', models.CharField(max_length=80)),
                ('due_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255, unique=True)),
                ('path', models.CharField(max_length=300)),
                ('fingerprint', models.CharField(max_length=64)),
                ('request_id', models.CharField(max_length=40)),
                ('status', models.PositiveSmallIntegerField()),
                ('body', models.JSONField()),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name_plural': 'replies',
            },
        ),
        migrations.CreateModel(
            name='DeliveryTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('answer', models.TextField(blank=True)),
                ('elapsed_ms', models.PositiveIntegerField(default=0)),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='stripe_simulator.delivery')),
            ],
            options={
                'verbose_name_plural': 'delivery tries',
            },
        ),
        migrations.AddField(
            model_name='delivery',
            name='event',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='stripe_simulator.event'),
        ),
        migrations.CreateModel(
            name='StripeObject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=80, unique=True)),
                ('kind', models.CharField(max_length=40)),
                ('created', models.BigIntegerField()),
                ('customer', models.CharField(blank=True, max_length=80)),
                ('payment_intent', models.CharField(blank=True, max_length=80)),
                ('charge', models.CharField(blank=True, max_length=80)),
                ('status', models.CharField(blank=True, max_length=40)),
                ('data', models.JSONField()),
                ('hidden', models.JSONField(default=dict)),
                ('deleted', models.BooleanField(default=False)),
            ],
            options={
                'indexes': [models.Index(fields=['kind', '-id'], name='stripe_simulator_by_kind'), models.Index(fields=['kind', 'customer'], name='stripe_simulator_by_customer'), models.Index(fields=['kind', 'payment_intent'], name='stripe_simulator_by_intent')],
            },
        ),
        migrations.CreateModel(
            name='Switches',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('drop_percent', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(100)])),
                ('fail_percent', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(100)])),
                ('copies', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)])),
                ('delay_seconds', models.PositiveIntegerField(default=0)),
                ('order', models.CharField(choices=[('created', 'as they happen'), ('newest_first', 'newest first'), ('shuffled', 'shuffled')], default='created', max_length=20)),
                ('seed', models.PositiveIntegerField(default=1)),
                ('refunds_fail', models.BooleanField(default=False)),
                ('lose_answers_percent', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(100)])),
                ('later_seconds', models.PositiveIntegerField(default=20)),
                ('tax_percent', models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MaxValueValidator(100)])),
            ],
            options={
                'verbose_name_plural': 'switches',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='stripe_simulator_has_one_row_of_switches'), models.CheckConstraint(condition=models.Q(('drop_percent__lte', 100), ('fail_percent__lte', 100), ('lose_answers_percent__lte', 100), ('tax_percent__lte', 100)), name='stripe_simulator_percents_are_percents'), models.CheckConstraint(condition=models.Q(('copies__gte', 1), ('copies__lte', 5)), name='stripe_simulator_delivers_each_event_once_to_five_times')],
            },
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['due_at'], name='stripe_simulator_due'),
        ),
    ]
