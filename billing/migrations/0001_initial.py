import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import billing.models.offers
import billing.models.purchases


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('api_key', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='budget', serialize=False, to='accounts.apikey')),
                ('daily_credits', models.PositiveIntegerField(blank=True, null=True)),
                ('monthly_credits', models.PositiveIntegerField(blank=True, null=True)),
                ('total_credits', models.PositiveIntegerField(blank=True, null=True)),
                ('day', models.DateField(editable=False, null=True)),
                ('day_spent_credits', models.PositiveBigIntegerField(default=0, editable=False)),
                ('month', models.DateField(editable=False, null=True)),
                ('month_spent_credits', models.PositiveBigIntegerField(default=0, editable=False)),
                ('total_spent_credits', models.PositiveBigIntegerField(default=0, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Cursor',
            fields=[
                ('name', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('reached_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='stripe_customer', serialize=False, to='accounts.organization')),
                ('stripe_id', models.CharField(max_length=255, unique=True)),
                ('payment_method_id', models.CharField(blank=True, max_length=255)),
                ('card_brand', models.CharField(blank=True, max_length=32)),
                ('card_last_four', models.CharField(blank=True, max_length=4)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='Grant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=billing.models.offers.new_grant_id, max_length=40, unique=True)),
                ('amount_credits', models.PositiveIntegerField()),
                ('reason', models.CharField(max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('expired_at', models.DateTimeField(null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('grant', 'Grant'), ('top_up', 'Top Up'), ('charge', 'Charge'), ('refund', 'Refund'), ('clawback', 'Clawback'), ('reinstatement', 'Reinstatement'), ('expiry', 'Expiry'), ('adjustment', 'Adjustment')], max_length=16)),
                ('amount_credits', models.BigIntegerField()),
                ('reference', models.CharField(max_length=80)),
                ('balance_after_credits', models.BigIntegerField()),
                ('actor', models.CharField(max_length=254)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('api_key', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.apikey')),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='ledger_entries', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='Promotion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=40, unique=True)),
                ('credits', models.PositiveIntegerField()),
                ('is_active', models.BooleanField(default=True)),
                ('starts_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('max_redemptions', models.PositiveIntegerField(blank=True, null=True)),
                ('credits_last_days', models.PositiveIntegerField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Upper('code'), name='promotion_code_is_unique_without_case'), models.CheckConstraint(condition=models.Q(('credits__gt', 0)), name='promotion_gives_something')],
            },
        ),
        migrations.CreateModel(
            name='Redemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('grant', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='billing.grant')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='accounts.organization')),
                ('promotion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redemptions', to='billing.promotion')),
            ],
        ),
        migrations.CreateModel(
            name='StripeEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=255, unique=True)),
                ('type', models.CharField(max_length=100)),
                ('object_id', models.CharField(blank=True, max_length=255)),
                ('payload', models.JSONField()),
                ('created_at', models.DateTimeField()),
                ('received_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('processed_at', models.DateTimeField(null=True)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('processed_at', None)), fields=['due_at'], name='stripe_event_due')],
            },
        ),
        migrations.CreateModel(
            name='TopUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=billing.models.purchases.new_top_up_id, editable=False, max_length=40, unique=True)),
                ('source', models.CharField(choices=[('checkout', 'Checkout'), ('auto_recharge', 'Auto Recharge')], max_length=16)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('paid', 'Paid'), ('failed', 'Failed'), ('expired', 'Expired')], default='pending', max_length=16)),
                ('credits', models.PositiveIntegerField()),
                ('amount_cents', models.PositiveIntegerField()),
                ('paid_cents', models.PositiveIntegerField(default=0)),
                ('currency', models.CharField(default='usd', max_length=3)),
                ('saves_card', models.BooleanField(default=False)),
                ('stripe_session_id', models.CharField(max_length=255, null=True, unique=True)),
                ('stripe_payment_intent_id', models.CharField(max_length=255, null=True, unique=True)),
                ('stripe_invoice_id', models.CharField(blank=True, max_length=255)),
                ('failure_message', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('paid_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='top_ups', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=255, unique=True)),
                ('amount_cents', models.PositiveIntegerField()),
                ('credits', models.PositiveIntegerField()),
                ('status', models.CharField(max_length=32)),
                ('is_reversed', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('top_up', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='billing.topup')),
            ],
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stripe_id', models.CharField(max_length=255, unique=True)),
                ('amount_cents', models.PositiveIntegerField()),
                ('credits', models.PositiveIntegerField()),
                ('status', models.CharField(max_length=32)),
                ('is_reversed', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('top_up', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='billing.topup')),
            ],
        ),
        migrations.CreateModel(
            name='Wallet',
            fields=[
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='wallet', serialize=False, to='accounts.organization')),
                ('balance_credits', models.BigIntegerField(default=0)),
                ('warn_below_credits', models.PositiveIntegerField(db_default=100)),
                ('recharge_below_credits', models.PositiveIntegerField(db_default=0)),
                ('warned_at', models.DateTimeField(null=True)),
                ('debt_credits', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('balance_credits__gte', 0)), name='wallet_cannot_be_overdrawn'), models.CheckConstraint(condition=models.Q(('debt_credits__gte', 0)), name='wallet_debt_is_not_negative'), models.CheckConstraint(condition=models.Q(('balance_credits', 0), ('debt_credits', 0), _connector='OR'), name='wallet_never_holds_credits_while_in_debt')],
            },
        ),
        migrations.CreateModel(
            name='AutoRecharge',
            fields=[
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='auto_recharge', serialize=False, to='accounts.organization')),
                ('is_enabled', models.BooleanField(default=False)),
                ('threshold_credits', models.PositiveIntegerField(default=0)),
                ('amount_cents', models.PositiveIntegerField(default=0)),
                ('credits', models.PositiveIntegerField(default=0)),
                ('monthly_cap_cents', models.PositiveIntegerField(default=0)),
                ('failures_in_a_row', models.PositiveSmallIntegerField(default=0)),
                ('consent', models.CharField(blank=True, max_length=500)),
                ('consented_at', models.DateTimeField(null=True)),
                ('stopped_reason', models.CharField(blank=True, max_length=200)),
                ('consented_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('is_enabled', False), models.Q(('amount_cents__gt', 0), ('consented_at__isnull', False), ('credits__gt', 0), ('monthly_cap_cents__gte', models.F('amount_cents'))), _connector='OR'), name='auto_recharge_is_enabled_with_consent')],
            },
        ),
        migrations.CreateModel(
            name='DailyTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('kind', models.CharField(choices=[('grant', 'Grant'), ('top_up', 'Top Up'), ('charge', 'Charge'), ('refund', 'Refund'), ('clawback', 'Clawback'), ('reinstatement', 'Reinstatement'), ('expiry', 'Expiry'), ('adjustment', 'Adjustment')], max_length=16)),
                ('in_credits', models.PositiveBigIntegerField()),
                ('out_credits', models.PositiveBigIntegerField()),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='daily_total_by_day')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'day', 'kind'), name='daily_total_is_written_once')],
            },
        ),
        migrations.AddIndex(
            model_name='grant',
            index=models.Index(condition=models.Q(('expired_at', None), ('expires_at__isnull', False)), fields=['expires_at'], name='grant_to_expire'),
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(('amount_credits__gt', 0)), name='grant_gives_something'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(models.F('organization'), models.OrderBy(models.F('id'), descending=True), name='ledger_entry_by_org'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=models.Index(fields=['organization', 'created_at'], name='ledger_entry_by_org_and_time'),
        ),
        migrations.AddIndex(
            model_name='ledgerentry',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['created_at'], name='ledger_entry_by_time', pages_per_range=32),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.UniqueConstraint(fields=('kind', 'reference'), name='ledger_entry_happens_once'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(('amount_credits', 0), _negated=True), name='ledger_entry_moves_something'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_credits__lt', 0), ('kind__in', ['charge', 'clawback', 'expiry'])), models.Q(('amount_credits__gt', 0), ('kind__in', ['grant', 'top_up', 'refund', 'reinstatement'])), ('kind', 'adjustment'), _connector='OR'), name='ledger_entry_sign_follows_its_kind'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['grant', 'top_up', 'charge', 'refund', 'clawback', 'reinstatement', 'expiry', 'adjustment'])), name='ledger_entry_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['charge', 'expiry']), _negated=True), ('balance_after_credits__gte', 0), _connector='OR'), name='charge_is_paid_from_the_balance'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(fields=('promotion', 'organization'), name='promotion_is_redeemed_once_per_organization'),
        ),
        migrations.AddIndex(
            model_name='topup',
            index=models.Index(fields=['organization', '-id'], name='top_up_by_org'),
        ),
        migrations.AddIndex(
            model_name='topup',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['created_at'], name='top_up_open'),
        ),
        migrations.AddConstraint(
            model_name='topup',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'paid', 'failed', 'expired'])), name='top_up_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='topup',
            constraint=models.CheckConstraint(condition=models.Q(('amount_cents__gt', 0), ('credits__gt', 0)), name='top_up_buys_something'),
        ),
        migrations.AddConstraint(
            model_name='topup',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('paid_at__isnull', False), ('paid_cents__gt', 0), ('status', 'paid')), models.Q(models.Q(('status', 'paid'), _negated=True), ('paid_at__isnull', True), ('paid_cents', 0)), _connector='OR'), name='top_up_is_dated_exactly_when_paid'),
        ),
        migrations.AddConstraint(
            model_name='topup',
            constraint=models.UniqueConstraint(condition=models.Q(('source', 'auto_recharge'), ('status', 'pending')), fields=('organization',), name='one_auto_recharge_is_open_at_a_time'),
        ),
    ]
