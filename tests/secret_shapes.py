"""The forms in which machines write secrets, as the trials met them; ``@`` + ``S`` stands for the secret.

``COMMANDS`` are command lines as a shell reads them, ``LINES`` what stands in logs, files and answers, and
``HARMLESS`` what looks like one and is none.
"""

SECRET = "Hunter2x7k"

COMMANDS = """
app --token @S
app --token=@S
app -token @S
app --password @S --port 80
app --passwd=@S
app --db-password @S
app --db-pass @S
app --dbpass=@S
app --smtp-pass=@S
app --pass @S
app --passphrase @S
app --passcode=@S
app --pwd @S
app --pw @S
app --psk @S
app --pin @S
app --otp @S
app --secret @S
app --client-secret=@S
app --clientSecret @S
app --shared-secret @S
app --api-key @S
app --apikey=@S
app --api_key @S
app --access-key @S
app --secret-key @S
app --private-key @S
app --encryption-key=@S
app --signing-key @S
app --license-key @S
app --master-key=@S
app --fernet-key @S
app --auth @S
app --auth=admin:@S
app --auth-token @S
app --authkey @S
app --bearer @S
app --bearer-token=@S
app --creds @S
app --creds admin:@S
app --credentials=@S
app --cred @S
app --pat @S
app --pat=@S
app --jwt @S
app --jwt=@S
app --cookie sid=@S
app --session-id @S
app --connection-string "Server=x;Password=@S"
app --password "@S and more"
app --password="it's @S"
env DB_PASSWORD=@S app
env DBPASS=@S app
env DB_PASS=@S app
env PASS1=@S app
env PASSWORD2=@S app
env SMTP_PASS_OLD=@S app
env MYSQL_PWD=@S app
env PGPASSWORD=@S psql -h db
env FERNET_KEY=@S app
env APP_KEY=base64:@S app
env SENDGRID_KEY=@S app
env RAILS_MASTER_KEY=@S app
env SECRET_KEY_BASE=@S app
env STRIPE_API_KEY=@S app
env JWT_SECRET=@S app
env GITHUB_PAT=@S app
env SLACK_TOKEN=@S app
env NPM_AUTH=@S app
env AWS_SECRET_ACCESS_KEY=@S/x app
env AWS_SESSION_TOKEN=@S app
env GPG_PASSPHRASE="@S x" app
env BASIC_AUTH=admin:@S app
env DATABASE_URL=postgres://app:@S@db/app app
env REDIS_URL=redis://:@S@cache:6379/0 app
env SENTRY_DSN=https://@S1234567890@o1.ingest.sentry.io/1 app
env API_CREDS=@S app
env REDISCLI_AUTH=@S redis-cli
sh -c "TOKEN=@S ./run"
sh -c "export API_KEY='@S'; exec ./run"
bash -lc "mysql -uroot -p@S shop"
docker run -e DB_PASSWORD=@S image
docker run --env "DB_PASSWORD=@S y" image
docker build --build-arg NPM_TOKEN=@S .
docker login -u me -p @S registry
docker login -u me --password @S registry
podman login -u me -p @S quay.io
mysql -uroot -p@S
mysql -u root -p@S shop
mysqldump --password=@S shop
mysqladmin -p@S status
mariadb -u x -p@S
mariadb-dump -p@S all
/usr/bin/mysql -h db -p@S
mycli -p @S db
redis-cli -a @S ping
redis-cli -h cache -p 6379 -a @S
redis-cli --pass @S ping
redis-cli --user u --pass @S
redis-cli -u redis://u:@S@h:1
redis-server --requirepass @S
redis-server --masterauth @S
redis-benchmark -a @S -n 1
valkey-cli -a @S
sshpass -p @S ssh host
sshpass -p@S scp a b
mongo -u a -p @S db
mongosh "mongodb+srv://a:@S@c.example.net/db"
mongodump --username a --password @S
curl -u app:@S http://x/
curl -uapp:@S http://x/
curl --user app:@S http://x/
curl --user=app:@S http://x/
curl --proxy-user p:@S http://x/
curl -U p:@S http://x/
curl -H "Authorization: Bearer @S" http://x
curl -H "Authorization: token @S" http://x
curl -H "X-Api-Key: @S" http://x
curl -H "X-Auth-Token: @S" http://x
curl -H "PRIVATE-TOKEN: @S" http://x
curl -b "sid=a; token=@S" http://x
curl --oauth2-bearer @S http://x
curl -d "user=a&password=@S" http://x
curl --data-urlencode password=@S http://x
curl "http://x/?api_key=@S"
curl "http://x/?a=b&token=@S"
curl https://@S9a8b7c@git.example.com/r.git
curl --cert c.pem:@S https://x
wget --http-password=@S http://x
wget --ftp-password @S ftp://x
wget --user a --password @S http://x
http -a me:@S GET x
http --auth me:@S GET x
mosquitto_pub -h b -u me -P @S -t t -m m
mosquitto_sub -P @S -u me
ldapsearch -x -D cn=admin -w @S
ldapmodify -w@S -x
psql postgresql://app:@S@db/app
psql "host=db user=app password=@S"
pg_dump "dbname=x password='@S'"
sqlcmd -S srv -U sa -P @S
bcp db out f -U sa -P @S
tsql -S srv -U sa -P @S
sqlplus scott/@S@orcl
expdp system/@S@db full=y
cqlsh -u a -p @S host
beeline -u jdbc:hive2://h -n a -p @S
clickhouse-client --password @S
influx -username a -password @S
snmpwalk -v2c -c @S host
snmpget -v3 -u u -A @S host
ipmitool -H h -U u -P @S power
smbclient //h/s -U me%@S
rpcclient -U "DOM\\me%@S" h
smbclient //h/s --user=me%@S
mount.cifs //h/s /mnt -o username=me,password=@S
mount -t cifs //h/s /mnt -o user=me,pass=@S
lftp -u me,@S host
ncftpput -u me -p @S host
ftp ftp://me:@S@host/
rclone obscure @S
rclone copy a b --sftp-pass @S
rclone config create r sftp pass=@S
openssl enc -aes256 -k @S
openssl rsa -passin pass:@S -in k
openssl pkcs12 -passout pass:@S -export
keytool -storepass @S -list
keytool -keypass @S -genkey
java -Djavax.net.ssl.keyStorePassword=@S -jar a.jar
java -Ddb.password=@S -jar a.jar
java -Dspring.datasource.password=@S -jar a.jar
zip -P @S a.zip f
unzip -P @S a.zip
7z x -p@S a.7z
rar x -hp@S a.rar
gpg --batch --passphrase @S -d f
xfreerdp /u:me /p:@S /v:h
rdesktop -u me -p @S h
plink -pw @S host
pscp -pw @S a h:
x11vnc -passwd @S
htpasswd -b .htpasswd me @S
swaks --auth-user a --auth-password @S
sendemail -xu a -xp @S
ngrok authtoken @S
ngrok config add-authtoken @S
tailscale up --authkey @S
cloudflared tunnel run --token @S
vault login @S
consul members -token=@S
etcdctl --user root:@S get x
rabbitmqctl add_user me @S
rabbitmqctl change_password me @S
rabbitmqadmin -u me -p @S list
nats-server --user a --pass @S
wpa_passphrase ssid @S
nmcli dev wifi connect home password @S
aws configure set aws_secret_access_key @S
npm config set //r.example.com/:_authToken @S
git clone https://@S9f8e7d@github.com/a/b.git
git clone https://oauth2:@S@gitlab.com/a/b.git
git -c http.extraheader="Authorization: Basic @S" fetch
ansible-playbook -e ansible_password=@S x.yml
mc alias set m http://h AKEY @S
uvicorn app:app --ssl-keyfile-password @S
gunicorn app:app --env API_TOKEN=@S
celery -A app -b amqp://me:@S@mq// worker
celery -A app --broker=redis://:@S@h/0 worker
flower --basic_auth=me:@S
superset --dsn mysql://a:@S@h/d
php artisan serve --db-passwort=@S
app --contraseña @S
app --senha=@S
app --passwort @S
app --kennwort=@S
app --mot-de-passe @S
app --mdp @S
app --haslo=@S
app --wachtwoord @S
app --parola @S
yt-dlp -u joe -p @S https://x/v
cypher-shell -u neo4j -p @S
twine upload -u __token__ -p @S dist/*
esxcli -s h -u root -p @S system
hdbsql -u SYSTEM -p @S
slapadd -w @S
ldappasswd -x -D cn=a -s @S
supervisorctl -u admin -p @S status
transmission-remote -n user:@S -l
dotnet nuget push x.nupkg -k @S
caddy hash-password --plaintext @S
ansible-vault encrypt_string @S --name db_password
steamcmd +login joe @S +quit
mosquitto_passwd -b users joe @S
ffmpeg -f flv rtmp://a.example.com/live2/@S-abcd-1234
python -c "requests.get(u, auth=('joe', '@S'))"
perl -e 'DBI->connect("dbi:mysql:x", "joe", "@S")'
kubectl create secret generic db --from-literal=password=@S
kubectl config set-credentials me --token=@S
kubectl create secret docker-registry r --docker-username=a --docker-password=@S
helm install x ./c --set auth.rootPassword=@S
helm install x ./c --set-string global.redis.pass=@S
az login --service-principal -u app -p @S --tenant t
az storage blob list --account-name a --account-key @S
gh auth login --with-token @S
heroku config:set STRIPE_SECRET=@S
flyctl secrets set SESSION_KEY=@S
wrangler secret put API --value @S
doctl auth init -t @S
doctl auth init --access-token @S
linode-cli --token @S linodes list
restic -r s3:x --password-command "echo @S" backup
borg init --encryption-passphrase @S
duplicity --encrypt-sign-key A /d ftp://me:@S@h/x
mysqlsh --uri me:@S@db:3306
mysqlsh --sql -u me -p@S
psql "postgres://db/app?user=a&password=@S"
pgbench "user=a password=@S host=h"
pgloader mysql://a:@S@h/d pgsql:///d
redis-sentinel s.conf --sentinel auth-pass mymaster @S
redis-cli --cluster create h:1 -a @S
kafka-console-consumer.sh --consumer-property sasl.jaas.config="PlainLoginModule required password=@S;"
kcat -b h -X sasl.password=@S -L
kafkacat -b h -X sasl.username=a -X sasl.password=@S
elasticsearch-dump --input=http://elastic:@S@h:9200/i
elasticdump --input https://elastic:@S@h/i
logstash -e 'output { elasticsearch { user => "e" password => "@S" } }'
filebeat -E output.elasticsearch.password=@S
telegraf --config http://h/api --token @S
influx config create -n a -t @S -o org
influxd setup --username a --password @S --token x
grafana-cli admin reset-admin-password @S
prometheus --web.basic-auth admin:@S
promtail -client.url=https://12:@S@logs/push
vmagent -remoteWrite.basicAuth.password=@S
coturn turnserver --user=joe:@S
turnserver --static-auth-secret=@S -r realm
frpc tcp -t @S -s h
frpc --token @S
chisel client --auth me:@S h:8080 R:80
chisel server --authfile u.json --auth joe:@S
ss-server -s 0.0.0.0 -k @S -m aes-256-gcm
ss-local -s h -p 8388 -k @S
ss-redir -s h -k @S
shadowsocks-server -k @S -m chacha20
v2ray --uuid 1 --password @S
xmrig -o pool:3333 -u wallet -p @S
stunnel --psk-secret @S
openconnect --token-secret=base32:@S vpn
openfortivpn h:443 -u joe -p @S
vpnc --password @S
pppd call isp password @S
msmtp --passwordeval="echo @S"
mail -S smtp-auth-password=@S -s x joe
mutt -e 'set imap_pass="@S"'
offlineimap --password=@S
fetchmail --auth password -u joe --password @S
imapsync --host1 h --user1 a --password1 @S --host2 i --user2 b --password2 @S
imapsync --passfile1 f --password2 @S
rsync --password=@S a::b
RSYNC_PASSWORD=@S rsync a::b c
smbmount //h/s /m -o username=a,password=@S,uid=1
sftp -o Password=@S h
xmllint --noout "http://h/?passwd=@S"
mvn deploy -Dgpg.passphrase=@S
gradle publish -PsigningPassword=@S
gradle build -Pnexus.password=@S
jarsigner -storepass @S a.jar k
apksigner sign --ks-pass pass:@S a.apk
signtool sign /f a.pfx /p @S a.exe
osslsigncode sign -pkcs12 a -pass @S a b
"""

LINES = """
password: @S
Password = @S
password:@S,
PASSWORD='@S'
password => '@S'
password := "@S"
password == "@S"
:password => "@S"
{"password": "@S", "port": 1}
{"password":"@S"}
{\\"password\\": \\"@S\\"}
{'db_pass': '@S'}
{"dbPassword":"@S"}
{"fernet_key": "@S"}
{"auth": {"pass": "@S"}}
{'Authorization': 'Bearer @S'}
{b'authorization': b'Basic @S'}
('password', '@S')
define('DB_PASSWORD', '@S');
set_password("@S")
Secret("@S")
Config { password: Some("@S"), port: 1 }
&{User:app Password:@S Host:db}
User(name='a', password='@S')
connect(host='h', passwd='@S')
<password>@S</password>
<db:password type="x">@S</db:password>
<add key="Password" value="@S"/>
<property name="connection.password" value="@S"/>
{"name": "DB_PASSWORD", "value": "@S"}
- name: DB_PASSWORD\\n  value: @S
{name: API_TOKEN, value: @S}
db:\\n  password: @S
Environment=DB_PASSWORD=@S
Environment="DB_PASSWORD=@S x"
Environment=A=b "API_TOKEN=@S" C=d
environment=DB_PASSWORD="@S",A="b"
environment=A="b",FERNET_KEY="@S"
+environment=TOKEN="@S",HOME="/srv"
export SECRET_KEY='@S'
set TOKEN=@S
Server=db;Database=x;UID=sa;PWD=@S;
Driver={ODBC};Server=h;Uid=a;Pwd=@S
Data Source=h;User ID=sa;Password=@S;
AccountName=x;AccountKey=@S==;EndpointSuffix=y
Endpoint=sb://x/;SharedAccessKeyName=R;SharedAccessKey=@S=
jdbc:oracle:thin:scott/@S@//h:1521/x
jdbc:mysql://h/db?user=a&password=@S
jdbc:sqlserver://h;user=sa;password=@S
app:@S@tcp(db:3306)/shop
dial app:@S@db:5432/shop
mongodb+srv://app:@S@c.mongodb.net/x
amqp://app:@S@mq:5672/
amqps://app:@S@mq/%2f
redis://:@S@cache/0
rediss://default:@S@cache:6380
postgresql+psycopg2://a:@S@h/d
smtp://me%40x.com:@S@mail:587
ftp://me:@S@h/f
https://me:@S@h/
https://@S0a1b2c@h/x.git
clickhouse://a:@S@h/d
nats://a:@S@h:4222
ldap://cn=a:@S@h
GET /x?token=@S HTTP/1.1
GET /x?access_token=@S&a=b HTTP/1.1
GET /x?key=@S HTTP/1.1
GET /x?sig=@S HTTP/1.1
GET /x?X-Amz-Signature=@S HTTP/1.1
GET /cb?code=@S&state=1 HTTP/1.1
GET /x?jwt=@S HTTP/1.1
GET /x?pass=@S HTTP/1.1
Authorization: Bearer @S
Authorization: Basic @S==
authorization: Digest username="a", response="@S"
Proxy-Authorization: Basic @S
Authorization=[Bearer @S]
Cookie: sid=@S; a=b
Set-Cookie: session=@S; Path=/
X-Api-Key: @S
X-Vault-Token: @S
X-Amz-Security-Token: @S
Sec-WebSocket-Protocol: bearer @S
sent header Bearer @S
https://hooks.slack.com/services/T0001/B0001/@S
https://discord.com/api/webhooks/1234567890/@S
https://discordapp.com/api/webhooks/1234567890/@S
https://x.webhook.office.com/webhookb2/@S@y/IncomingWebhook/z
https://api.telegram.org/bot123456789:@S/sendMessage
https://open.feishu.cn/open-apis/bot/v2/hook/@S
https://open.larksuite.com/open-apis/bot/v2/hook/@S
https://oapi.dingtalk.com/robot/send?access_token=@S
https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=@S
https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=@S
https://mattermost.example.com/hooks/@S
https://hooks.zapier.com/hooks/catch/123/@S
https://maker.ifttt.com/trigger/e/with/key/@S
https://hc-ping.com/@S
https://uptime.example.com/api/push/@S
https://outlook.office.com/webhook/@S/IncomingWebhook/x
CREATE USER a IDENTIFIED BY '@S'
GRANT ALL ON *.* TO 'a'@'%' IDENTIFIED BY '@S'
ALTER USER a IDENTIFIED WITH mysql_native_password BY '@S'
CREATE USER a IDENTIFIED BY PASSWORD '@S'
ALTER ROLE a WITH PASSWORD '@S'
CREATE ROLE a LOGIN ENCRYPTED PASSWORD '@S'
SET PASSWORD FOR 'a'@'h' = '@S'
SET PASSWORD FOR a = PASSWORD('@S')
UPDATE user SET password='@S' WHERE id=1
CREATE LOGIN a WITH PASSWORD = '@S'
CHANGE MASTER TO MASTER_PASSWORD='@S'
AUTH @S
AUTH default @S
CONFIG SET requirepass @S
requirepass @S
masterauth "@S"
ACL SETUSER a on >@S ~* +@all
HELLO 3 AUTH a @S
db.auth("a", "@S")
PASS @S
> PASS @S
a1 LOGIN joe @S
machine h login a password @S
enable secret 5 @S
snmp-server community @S RO
the password is @S
Password for app is '@S'
password was changed to @S
your new password is: @S
using password "@S"
using password @S for app
token '@S' was rejected
invalid token @S
API key @S is not known
api key: @S
access key = @S
secret key is @S
passphrase "@S" does not fit
credentials admin:@S were refused
logged in as admin/@S
token is "@S", not "other1x"
token is "other1x", not "@S"
auth.api_token is missing, not "@S"
db.pass is "a", not "@S"
echo @S | sudo -S ls
echo '@S' | docker login --password-stdin
printf @S | docker login -u a --password-stdin
echo "app:@S" | chpasswd
sudo -S ls <<< @S
contraseña: @S
la contraseña es @S
contrasena=@S
mot de passe : @S
mot_de_passe=@S
Passwort: @S
Kennwort = @S
das Passwort lautet @S
senha: @S
пароль: @S
密码: @S
密码：@S
密码是@S
密碼=@S
パスワード: @S
パスワードは@S
비밀번호: @S
haslo: @S
hasło: @S
wachtwoord: @S
lösenord: @S
adgangskode=@S
salasana: @S
heslo: @S
şifre: @S
κωδικός: @S
kata sandi: @S
mật khẩu: @S
argv: ['mysql', '-p@S', 'shop']
argv: ["redis-cli","-a","@S"]
Popen(['sshpass', '-p', '@S', 'ssh', 'h'])
Command '['curl', '-u', 'joe:@S', 'http://x']' returned non-zero
CREATE LOGIN joe WITH PASSWORD = N'@S';
[Note] A temporary password is generated for root@localhost: @S
<setting name="dbPassword" serializeAs="String">@S</setting>
PHPSESSID=@S
connect.sid=s%3A@S
OTP @S sent to joe
Your code phrase: "@S"
pre-shared-key "@S"
unlock key: @S
password[@S]
password%3D@S
bindpw @S
rootpw @S
spring.datasource.password: @S
  POSTGRES_PASSWORD: "@S"
[client]\\npassword=@S
//registry.npmjs.org/:_authToken=@S
//r.example.com/:_password="@S"
default login joe password @S
db.example.com:5432:app:joe:@S
[mysqld] ... --init-sql="ALTER USER r IDENTIFIED BY '@S'"
<server><username>a</username><password>@S</password></server>
$db['default']['password'] = '@S';
'password' => env('DB_PASSWORD', '@S'),
const apiKey = "@S";
var dbPass = '@S';
os.environ["API_TOKEN"] = "@S"
process.env.API_TOKEN = '@S'
config.secret_key_base = '@S'
app.config['SECRET_KEY'] = '@S'
private static final String PASSWORD = "@S";
user: joe, pass: @S
{"user":"joe","pass":"@S"}
{"headers":{"x-api-key":["@S"]}}
{"creds":["joe","@S"]}
["--password","@S"]
["mysql","-u","root","-p@S"]
ARGS: --user joe --password @S --host h
x-amz-security-token:@S
Api-Key: @S
X-Access-Token: @S
X-Gitlab-Token: @S
DD-API-KEY: @S
Ocp-Apim-Subscription-Key: @S
apikey=@S&user=joe
POST /login username=joe&password=@S
https://joe:@S@example.com:8443/a?b=c
wss://h/socket?token=@S
https://h/path;token=@S
https://api.example.com/v1?apikey=@S
https://x.blob.core.windows.net/c?sv=2020&sig=@S
https://h/reset/password?reset_token=@S
mssql+pyodbc://sa:@S@h/d?driver=x
oracle://scott:@S@h:1521/x
sqlserver://sa:@S@h:1433?database=x
cassandra://a:@S@h/k
influxdb://a:@S@h:8086/d
socks5://me:@S@proxy:1080
ssh://joe:@S@h:22/
sip:joe:@S@h
snmp://joe:@S@h
CREATE USER joe WITH PASSWORD '@S' SUPERUSER
CREATE USER joe PASSWORD '@S'
CREATE EXTERNAL DATA SOURCE x CREDENTIAL = (SECRET = '@S')
ALTER LOGIN sa WITH PASSWORD = '@S' UNLOCK
CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'a', password '@S')
COPY t FROM 's3://b' CREDENTIALS 'aws_access_key_id=A;aws_secret_access_key=@S'
dblink('host=h user=a password=@S')
PASSWORD=(@S
password: {@S
"""

TOKENS = """
ghp_@S0123456789abcdefghij
gho_@S0123456789abcdefghij
ghs_@S0123456789abcdefghij
github_pat_11ABC@S0123456789abcdef
glpat-@S0123456789ab
gldt-@S0123456789ab
glrt-@S0123456789ab
xoxb-1234567890-@S
xoxp-1234567890-@S
xapp-1-A0B1-@S
sk-@S0123456789abcdefghij
sk-ant-api03-@S0123456789abcdefghij
sk-proj-@S0123456789abcdefghij
sk_live_@S0123456789
rk_test_@S0123456789
whsec_@S0123456789
AKIA@S01234567
AIzaSy@S0123456789abcdefghij01
ya29.@S0123456789
GOCSPX-@S0123456789
1//0@S0123456789abcdef
npm_@S0123456789abcdefghijklmnop
pypi-AgEI@S0123456789abcdefghij
hf_@S0123456789abcdef
hvs.@S0123456789abcdef
hvb.@S0123456789abcdef
dop_v1_@S0123456789abcdef
shpat_@S0123456789abcdef
SG.@S0123456789.@S0123456789
dckr_pat_@S0123456789
lin_api_@S0123456789
figd_@S0123456789
PMAK-@S0123456789
rubygems_@S0123456789
ATATT3xFfGF0@S0123456789
gsk_@S0123456789abcdef
r8_@S0123456789abcdef
tskey-auth-@S0123456789
glsa_@S0123456789_abcdef
nvapi-@S0123456789
dapi@S0123456789abcdef01
123456789:AA@S0123456789abcdefghij
eyJhbGciOiJIUzI1NiJ9.eyJzdWIi@S.abcdefgh@S
-----BEGIN RSA PRIVATE KEY-----\\n@S\\n-----END RSA PRIVATE KEY-----
-----BEGIN PGP PRIVATE KEY BLOCK-----\\n@S\\n-----END PGP PRIVATE KEY BLOCK-----
MIIEpAIBAAKCAQEA@Sq3m8N1kd0aZb7Yc5Xw2Vr4Ut9Ts6Sr8Pq1On3MlKj5
root:$6$salt@S$abcdefghijklmnop:19000
$2b$12$@Sabcdefghijklmnopqrstuv
$argon2id$v=19$m=65536,t=3,p=4$@S$abcdef
AGE-SECRET-KEY-1@S0123456789
"""

HARMLESS = """
monkey=1 keyboard=us hotkey=F1
keyboard: us layout
Passenger 6.0.19 started
passenger_max_pool_size=6
author=Joe Smith
author: joe@example.com
authority=https://idp.example.com
TOKENIZERS_PARALLELISM=false
tokenizer=bert-base-uncased
compass=north
bypass=true
--bypass cache
encompass=all
--key-file /etc/app/key.pem
--keyfile /etc/ssl/private/app.key
--tls-key /etc/ssl/private/app.key
--ssl-key=/etc/ssl/app.key
--password-file /run/secrets/db
--token-path /var/run/token
--secret-name db-creds
PGPASSFILE=/home/app/.pgpass
primary_key=id
foreign_key: user_id
partition_key=order_id
public_key=ssh-ed25519
cache_key=v1:users:42
sort_key=created_at
hash_key: user42
KeyError: 'name'
KeyboardInterrupt
commit 3f2a9c1b4d5e6f708192a3b4c5d6e7f801234567
git SHA 3f2a9c1b
request 550e8400-e29b-41d4-a716-446655440000 done
request_id=550e8400-e29b-41d4-a716-446655440000
trace_id: 4bf92f3577b34da6a3ce929d0e0e4736
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709
pid 4711 (python -m http.server 8080)
2026-11-30T19:00:00Z started
uptime 3 days, 4:05:06
max_tokens=4096
tokens: 512 of 4096
token_type=bearer
token_ttl=3600
token_expires_in: 3600
password_min_length=12
PASSWORD_HASHERS=argon2
cookie_secure=True
cookie_domain=example.com
--cookie-name sid
session_timeout=30
PWD=/srv/app OLDPWD=/
SSH_AUTH_SOCK=/tmp/ssh-XXXX/agent.1
--auth basic
--auth=none
--auth-type ldap
auth: user joe logged in
3 pass: 4 fail
PASS tests/unit/app.test.js
PASS: test_one
passed=12 failed=0
password authentication failed for user "postgres"
FATAL: password authentication failed for user "app"
Invalid password.
password is required
the password must be set
no password was given
password changed
secret not found
no token here
token expired
the token is invalid
SyntaxError: Unexpected token '<', "<!DOCTYPE " is not valid JSON
syntax error near unexpected token `fi'
JSON parse error: unexpected token "}" at 12
Bearer authentication is required
Basic authentication failed
ssh git@github.com:a/b.git
ssh -p 2222 app@host
git clone ssh://git@github.com/a/b.git
git clone https://github.com/a/b.git
https://example.com/a/b?verbose=1&page=2
http://localhost:5555/webhook
http://localhost:5555/webhook/github
http://127.0.0.1:8080/health
psql -h db -p 5432 -U app
mysql -u app -P 3306 shop
redis-cli -p 6379 ping
docker run -p 8080:80 nginx
docker pull nginx:1.25@sha256:0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31
mosquitto_sub -p 1883 -t t
mailto:joe@example.com
from:joe@example.com to:ann@example.com
curl -o /dev/null http://x/
curl -X POST http://x/api
wget -q http://x/f.tgz
7z x a.7z
python3.11 -m venv .venv
gunicorn -w 4 -b 127.0.0.1:8000 app:app
node --inspect=0.0.0.0:9229 server.js
nginx: master process nginx -c /etc/nginx/nginx.conf
TypeError: '>' not supported between instances of 'NoneType' and 'int'
ModuleNotFoundError: No module named 'secrets'
File "/srv/app/auth.py", line 12, in login
/srv/app/tokens/cache.db
/home/joe/Projects/KeyboardFirmware/Source/Passenger/Controllers/Token42
ansible_user=joe
status is "down", not "up"
components.db is "down", not "up"
mapping:1:2
passive=yes
surpass=1
std::vector<int>::iterator
keepalive_timeout 65
Restart=always
RestartSec=1
5 2 * * * root /usr/sbin/logrotate /etc/logrotate.conf
[program:web]
PATH=/usr/bin:/bin
LANG=de_DE.UTF-8
skipped 12 of 40 checks
sk-learn is scikit-learn
    at Token.next (/srv/app/token.js:12:5)
/srv/app/secret.rs:44:
snmpd -p /run/snmpd.pid -c /etc/snmp/snmpd.conf
otp library loaded
token(s) read: 12
rtmp://a.example.com/live/camera
['ssh', '-p', '2222', 'host']
passwd: files systemd
pam_unix(sshd:session): session opened for user joe
Accepted publickey for joe from 10.0.0.7 port 50022 ssh2
password auth disabled in sshd_config
loading token classifier model
tokenizer.json loaded in 12 ms
key=value pairs were parsed
key: user:42 not in cache
cache key users:42 expired
redis keyspace notifications on
api key is required
API key rotation runs daily
the secret of good software
secretary@example.com
secrets mounted at /run/secrets
secretsmanager endpoint ready
--secret-file=/run/secrets/x
--credentials-file ~/.aws/credentials
--jwt-public-key /etc/app/jwt.pub
--private-key /etc/ssl/key.pem
--pass-through
--pin-memory
pin_memory=True
--psk-file /etc/psk
--auth-provider oidc
--pattern '*.py'
--path /srv/app
--patch 3
passes=3
--passes 3
compass=2.1
pass_rate=0.98
passive_mode=on
PASSENGER_APP_ENV=production
AUTHOR=Joe
auth_basic off;
auth.enabled=false
author_id=42
oauth2_callback=/cb
oauth callback at http://h/cb
session 42 opened for user joe by (uid=0)
session_store=redis
cookie banner shown
cookies enabled
token bucket rate=100
tokens_per_second=35.2
next token is 42
unexpected token 'abc' at line 3
unknown key "colour2" in section web
primary key "id2" of table users
duplicate key value violates unique constraint "users_pkey1"
Key (email)=(joe@example.com) already exists.
docker run -p 127.0.0.1:8080:80 -u 1000:1000 img
docker run -u joe:staff img
cp -p a b
ssh -p 2222 -i key h
mkdir -p /srv/app/v2
curl -u joe http://h/
ps -p 4711 -o args
tar -czpf a.tgz d
rsync -a joe@h:/srv/app2 /b
scp -P 2222 a joe@h:b
nc -w 5 h 80
ping -w 3 h1
grep -w word2 f
java -Xmx512m -jar app2.jar
uvicorn app:app --ssl-keyfile /etc/ssl/k.pem --port 8000
gunicorn -k uvicorn.workers.UvicornWorker app:app
celery -A app worker -P gevent2 -c 8
celery -A proj.app1 beat -s /var/lib/beat1
nginx -p /srv/web1 -c nginx.conf
pm2 start app1.js -i 4 --name web1
supervisord -c /etc/supervisor2.conf -u joe
postgres -D /var/lib/pg15 -p 5433 -k /run/pg15
fe80:12:ab:cd:ef12:34ab is up
MD5 16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48
"""


def rows(table: str) -> list[str]:
    """The rows of a table, with the secret in them."""
    return [row.replace("@S", SECRET) for row in table.strip().splitlines()]
