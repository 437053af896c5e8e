"""Put API keys and invitations behind the second wall, and make the role it holds back."""

from django.db import migrations

from vidgo.kernel import tenant_wall


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_key_limits")]

    operations = [
        migrations.RunSQL(tenant_wall.CREATE_ROLE, tenant_wall.REVOKE_RIGHTS),
        tenant_wall.build(table="accounts_apikey"),
        tenant_wall.build(table="accounts_invitation"),
    ]
