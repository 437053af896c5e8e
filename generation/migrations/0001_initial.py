import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import generation.models.callbacks
import generation.models.jobs
import generation.models.uploads


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ProviderState',
            fields=[
                ('name', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('failures_in_a_row', models.PositiveIntegerField(default=0)),
                ('open_until', models.DateTimeField(null=True)),
                ('times_opened', models.PositiveIntegerField(default=0)),
                ('paused_until', models.DateTimeField(null=True)),
                ('paused_reason', models.CharField(blank=True, max_length=200)),
                ('throttled_until', models.DateTimeField(null=True)),
                ('balance', models.DecimalField(decimal_places=4, max_digits=14, null=True)),
                ('balance_unit', models.CharField(blank=True, max_length=16)),
                ('balance_at', models.DateTimeField(null=True)),
                ('last_success_at', models.DateTimeField(null=True)),
                ('last_failure_at', models.DateTimeField(null=True)),
                ('last_failure', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='CallbackEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=generation.models.callbacks.new_endpoint_id, editable=False, max_length=40, unique=True)),
                ('origin', models.CharField(max_length=300)),
                ('failures_in_a_row', models.PositiveIntegerField(default=0)),
                ('failing_since', models.DateTimeField(null=True)),
                ('last_success_at', models.DateTimeField(null=True)),
                ('last_failure_at', models.DateTimeField(null=True)),
                ('paused_at', models.DateTimeField(null=True)),
                ('pause_reason', models.CharField(blank=True, choices=[('gone', 'Gone'), ('failing', 'Failing'), ('by_hand', 'By Hand')], max_length=16)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='callback_endpoints', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'webhook endpoint',
            },
        ),
        migrations.CreateModel(
            name='Callback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=generation.models.callbacks.new_callback_id, editable=False, max_length=40, unique=True)),
                ('kind', models.CharField(choices=[('task', 'Task'), ('test', 'Test')], default='task', max_length=8)),
                ('url', models.TextField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Sending'), ('delivered', 'Delivered'), ('failed', 'Failed')], default='waiting', max_length=16)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('tries_count', models.PositiveIntegerField(default=0)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('lease_owner', models.CharField(blank=True, max_length=80)),
                ('leased_until', models.DateTimeField(null=True)),
                ('last_status', models.PositiveSmallIntegerField(null=True)),
                ('last_error', models.CharField(blank=True, max_length=32)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='callbacks', to='accounts.organization')),
                ('endpoint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='callbacks', to='generation.callbackendpoint')),
            ],
            options={
                'verbose_name': 'webhook delivery',
                'verbose_name_plural': 'webhook deliveries',
            },
        ),
        migrations.CreateModel(
            name='CallbackSecret',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed', models.TextField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField(null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='callback_secrets', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'webhook signing secret',
            },
        ),
        migrations.CreateModel(
            name='CallbackTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('latency_ms', models.PositiveIntegerField(null=True)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('error', models.CharField(blank=True, max_length=32)),
                ('answer', models.TextField(blank=True)),
                ('callback', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tries', to='generation.callback')),
            ],
            options={
                'verbose_name': 'webhook attempt',
            },
        ),
        migrations.CreateModel(
            name='DailyMargin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('model', models.CharField(max_length=64)),
                ('provider', models.CharField(max_length=32)),
                ('images_count', models.PositiveIntegerField()),
                ('charged_credits', models.PositiveBigIntegerField()),
                ('cost_usd', models.DecimalField(decimal_places=6, max_digits=16)),
                ('failures_count', models.PositiveIntegerField()),
                ('failed_usd', models.DecimalField(decimal_places=6, max_digits=16)),
                ('doubles_count', models.PositiveIntegerField()),
                ('doubles_usd', models.DecimalField(decimal_places=6, max_digits=16)),
                ('unknown_count', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('day', 'model', 'provider'), name='margin_day_is_written_once')],
            },
        ),
        migrations.CreateModel(
            name='DailyUsage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('model', models.CharField(max_length=64)),
                ('finished_count', models.PositiveIntegerField()),
                ('failed_count', models.PositiveIntegerField()),
                ('charged_credits', models.PositiveBigIntegerField()),
                ('refunded_credits', models.PositiveBigIntegerField()),
                ('api_key', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.apikey')),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=generation.models.jobs.new_job_id, editable=False, max_length=40, unique=True)),
                ('model', models.CharField(max_length=64)),
                ('prompt', models.TextField()),
                ('size', models.CharField(max_length=8)),
                ('output_format', models.CharField(max_length=8)),
                ('seed', models.BigIntegerField()),
                ('image_url', models.TextField(blank=True)),
                ('image_file', models.CharField(blank=True, max_length=200)),
                ('callback_url', models.TextField(blank=True)),
                ('price_credits', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('finished', 'Finished'), ('failed', 'Failed')], default='queued', max_length=16)),
                ('progress', models.PositiveSmallIntegerField(default=0)),
                ('failure_kind', models.CharField(blank=True, choices=[('moderated', 'moderated'), ('invalid_input', 'invalid_input'), ('throttled', 'throttled'), ('unavailable', 'unavailable'), ('no_credit', 'no_credit'), ('unauthorized', 'unauthorized'), ('outcome_unknown', 'outcome_unknown'), ('expired', 'expired'), ('canceled', 'canceled')], max_length=24)),
                ('error_message', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('deadline_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_owner', models.CharField(blank=True, max_length=80)),
                ('leased_until', models.DateTimeField(null=True)),
                ('api_key', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='jobs', to='accounts.apikey')),
                ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='idempotency_key', to='generation.job')),
            ],
        ),
        migrations.AddField(
            model_name='callback',
            name='job',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='generation.job'),
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('fence', models.PositiveIntegerField(default=0)),
                ('provider', models.CharField(max_length=32)),
                ('token', models.CharField(default=generation.models.jobs.new_attempt_token, editable=False, max_length=32)),
                ('upstream_ref', models.TextField(blank=True)),
                ('upstream_size', models.CharField(blank=True, max_length=8)),
                ('lost_at', models.DateTimeField(null=True)),
                ('may_cost_double', models.BooleanField(default=False)),
                ('cost_usd', models.DecimalField(decimal_places=6, max_digits=10, null=True)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('failure_kind', models.CharField(blank=True, choices=[('moderated', 'moderated'), ('invalid_input', 'invalid_input'), ('throttled', 'throttled'), ('unavailable', 'unavailable'), ('no_credit', 'no_credit'), ('unauthorized', 'unauthorized'), ('outcome_unknown', 'outcome_unknown'), ('expired', 'expired'), ('canceled', 'canceled')], max_length=24)),
                ('error_message', models.TextField(blank=True)),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='generation.job')),
            ],
        ),
        migrations.CreateModel(
            name='Asset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.CharField(max_length=200, unique=True)),
                ('format', models.CharField(max_length=8)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('size_bytes', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('cropped_from', models.CharField(blank=True, max_length=8)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='asset', to='generation.job')),
            ],
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=generation.models.uploads.new_upload_id, editable=False, max_length=40, unique=True)),
                ('file', models.CharField(max_length=200, unique=True)),
                ('file_name', models.CharField(max_length=200)),
                ('original_name', models.CharField(max_length=200)),
                ('mime', models.CharField(max_length=32)),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('size_bytes', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='accounts.organization')),
            ],
        ),
        migrations.AddConstraint(
            model_name='callbackendpoint',
            constraint=models.UniqueConstraint(fields=('organization', 'origin'), name='callback_endpoint_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='callbackendpoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('pause_reason', ''), ('paused_at', None)), models.Q(('paused_at__isnull', False), models.Q(('pause_reason', ''), _negated=True)), _connector='OR'), name='paused_endpoint_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='callbacksecret',
            constraint=models.UniqueConstraint(condition=models.Q(('expires_at', None)), fields=('organization',), name='organization_has_one_present_callback_secret'),
        ),
        migrations.AddConstraint(
            model_name='callbacktry',
            constraint=models.UniqueConstraint(fields=('callback', 'number'), name='callback_try_number_is_unique'),
        ),
        migrations.AddIndex(
            model_name='dailyusage',
            index=models.Index(fields=['day'], name='usage_day_by_day'),
        ),
        migrations.AddConstraint(
            model_name='dailyusage',
            constraint=models.UniqueConstraint(fields=('organization', 'day', 'model', 'api_key'), name='usage_day_is_written_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='dailyusage',
            constraint=models.CheckConstraint(condition=models.Q(('refunded_credits__lte', models.F('charged_credits'))), name='usage_day_gives_back_no_more_than_was_charged'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['organization', '-id'], name='job_by_org'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('status', 'queued')), fields=['organization', 'id'], name='job_queued'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('status', 'running')), fields=['organization', 'leased_until'], name='job_running'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('status', 'failed')), fields=['organization', '-id'], name='job_failed'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('status', 'failed')), fields=['failure_kind', '-id'], name='job_failed_by'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('status', 'running'), models.Q(('image_file', ''), _negated=True)), fields=['image_file'], name='job_running_image'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['organization', 'created_at'], name='job_by_org_time'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['organization', 'api_key', '-id'], name='job_by_org_key'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['organization', 'model', '-id'], name='job_by_org_model'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(models.F('organization'), django.db.models.functions.comparison.Collate(django.db.models.functions.text.Lower(django.db.models.functions.text.Left('prompt', 64)), 'C'), name='job_by_org_prompt'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running', 'finished', 'failed'])), name='job_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('status__in', ['finished', 'failed'])), models.Q(('ended_at__isnull', True), ('status__in', ['queued', 'running'])), _connector='OR'), name='job_has_ended_exactly_when_it_is_over'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['queued', 'running']), ('leased_until__isnull', True), _connector='OR'), name='ended_job_is_leased_to_nobody'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('price_credits__gt', 0)), name='job_has_a_price'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.CheckConstraint(condition=models.Q(('progress__lte', 100)), name='job_progress_is_percent'),
        ),
        migrations.AddIndex(
            model_name='idempotencykey',
            index=models.Index(fields=['created_at'], name='idempotency_key_by_age'),
        ),
        migrations.AddConstraint(
            model_name='idempotencykey',
            constraint=models.UniqueConstraint(fields=('organization', 'key'), name='idempotency_key_is_used_once'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(fields=['organization', '-id'], name='callback_by_org'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['organization', '-id'], name='callback_failed_by_org'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(condition=models.Q(('last_error', ''), _negated=True), fields=['last_error', '-id'], name='callback_by_error'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(fields=['endpoint', '-id'], name='callback_by_endpoint'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['endpoint', 'kind', 'due_at'], name='callback_waiting'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(condition=models.Q(('state', 'sending')), fields=['organization', 'endpoint', 'leased_until'], name='callback_sending'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['ended_at'], name='callback_to_remove'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'sending', 'delivered', 'failed'])), name='callback_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', False), ('state__in', ['delivered', 'failed'])), models.Q(('ended_at__isnull', True), ('state__in', ['waiting', 'sending'])), _connector='OR'), name='callback_has_ended_exactly_when_it_is_over'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('leased_until__isnull', False), ('state', 'sending')), models.Q(models.Q(('state', 'sending'), _negated=True), ('leased_until__isnull', True)), _connector='OR'), name='callback_is_leased_exactly_while_it_is_sent'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('job__isnull', False), ('kind', 'task')), models.Q(('job__isnull', True), ('kind', 'test')), _connector='OR'), name='callback_tells_of_a_task_or_is_a_test'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'task')), fields=('job',), name='task_is_announced_once'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['provider'], name='attempt_open_by_provider'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['started_at'], name='attempt_by_time', pages_per_range=32),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.UniqueConstraint(fields=('job', 'number'), name='attempt_number_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('job',), name='job_has_one_open_attempt'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.UniqueConstraint(condition=models.Q(('token', ''), _negated=True), fields=('token',), name='attempt_token_is_unique'),
        ),
        migrations.AddIndex(
            model_name='asset',
            index=models.Index(condition=models.Q(('removed_at', None)), fields=['expires_at'], name='asset_to_remove'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(condition=models.Q(('removed_at', None)), fields=['expires_at'], name='upload_to_remove'),
        ),
    ]
