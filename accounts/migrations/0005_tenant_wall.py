"""Put API keys and invitations behind the second wall, and make the role it holds back."""

from django.db import migrations

from vidgo.kernel.db import tenant_context


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_key_limits")]

    operations = [
        migrations.RunSQL(tenant_context.CREATE_ROLE, tenant_context.REVOKE_RIGHTS),
        tenant_context.build(table="accounts_apikey"),
        tenant_context.build(table="accounts_invitation"),
    ]
