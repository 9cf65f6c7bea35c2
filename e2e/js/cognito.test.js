// User pools through amazon-cognito-identity-js, which signs in by SRP as Amplify does, and identity
// pools through the credential provider of AWS's SDK for JavaScript.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import * as Users from '@aws-sdk/client-cognito-identity-provider';
import * as Identity from '@aws-sdk/client-cognito-identity';
import * as IAM from '@aws-sdk/client-iam';
import * as SQS from '@aws-sdk/client-sqs';
import * as STS from '@aws-sdk/client-sts';
import { fromCognitoIdentityPool } from '@aws-sdk/credential-providers';
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';
import { document, start } from './brume.js';

const password = 'Correct-h0rse';
let brume, admin, UserPoolId, ClientId, pool;

before(async () => {
  brume = await start();
  admin = brume.client(Users.CognitoIdentityProvider);
  UserPoolId = (await admin.createUserPool({ PoolName: 'people', AutoVerifiedAttributes: ['email'] })).UserPool.Id;
  ClientId = (await admin.createUserPoolClient({ UserPoolId, ClientName: 'web' })).UserPoolClient.ClientId;
  pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint: brume.url });
});

after(async () => assert.equal(await brume.stop(), 0));

const promised = (call) => new Promise((done, fail) => call((err, value) => (err ? fail(err) : done(value))));
const user = (Username) => new CognitoUser({ Username, Pool: pool });

// Signs in, with an answer for what is asked on the way.
const signIn = (of, answers = {}) =>
  new Promise((onSuccess, onFailure) => {
    of.authenticateUser(new AuthenticationDetails({ Username: of.getUsername(), Password: answers.password ?? password }), {
      onSuccess,
      onFailure,
      newPasswordRequired() {
        of.completeNewPasswordChallenge(answers.newPassword, {}, { onSuccess, onFailure });
      },
      totpRequired() {
        of.sendMFACode(answers.code(), { onSuccess, onFailure }, 'SOFTWARE_TOKEN_MFA');
      },
    });
  });

async function made(name) {
  await promised((done) => pool.signUp(name, password, [new CognitoUserAttribute({ Name: 'email', Value: `${name}@example.com` })], null, done));
  await admin.adminConfirmSignUp({ UserPoolId, Username: name });
  return user(name);
}

test('a user signs up, in by SRP, changes the password, and out', async () => {
  const ada = await made('ada');
  await assert.rejects(signIn(ada, { password: 'wrong' }), { code: 'NotAuthorizedException', message: 'Incorrect username or password.' });
  const session = await signIn(ada);
  assert.equal(session.getIdToken().payload.email, 'ada@example.com');
  await promised((done) => ada.changePassword(password, 'An0ther-one', done));
  await promised((done) => ada.updateAttributes([new CognitoUserAttribute({ Name: 'name', Value: 'Ada' })], done));
  const attributes = await promised((done) => ada.getUserAttributes(done));
  assert.equal(attributes.find((a) => a.getName() === 'name').getValue(), 'Ada');
  const again = await promised((done) => ada.refreshSession(session.getRefreshToken(), done));
  assert.notEqual(again.getAccessToken().getJwtToken(), session.getAccessToken().getJwtToken());
  await new Promise((onSuccess, onFailure) => ada.globalSignOut({ onSuccess, onFailure }));
  await assert.rejects(promised((done) => ada.refreshSession(session.getRefreshToken(), done)), { code: 'NotAuthorizedException' });
});

test('a temporary password is replaced', async () => {
  await admin.adminCreateUser({ UserPoolId, Username: 'grace', TemporaryPassword: password, MessageAction: 'SUPPRESS' });
  const session = await signIn(user('grace'), { newPassword: 'An0ther-one' });
  assert.ok(session.isValid());
});

// RFC 6238, with the secret in base32.
function code(secret, step = 0) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30000) + step));
  const sum = createHmac('sha1', key).update(counter).digest();
  return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

test('a device is the second factor', async () => {
  await admin.setUserPoolMfaConfig({ UserPoolId, MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration: { Enabled: true } });
  const joan = await made('joan');
  await signIn(joan);
  const secret = await new Promise((associateSecretCode, onFailure) => joan.associateSoftwareToken({ associateSecretCode, onFailure }));
  await new Promise((onSuccess, onFailure) => joan.verifySoftwareToken(code(secret), 'phone', { onSuccess, onFailure }));
  await promised((done) => joan.setUserMfaPreference(null, { PreferredMfa: true, Enabled: true }, done));
  const session = await signIn(user('joan'), { code: () => code(secret, 1) }); // each code is good once
  assert.ok(session.isValid());
});

test('a device is remembered', async () => {
  await admin.updateUserPool({ UserPoolId, AutoVerifiedAttributes: ['email'], DeviceConfiguration: { ChallengeRequiredOnNewDevice: true } });
  const mae = await made('mae');
  await signIn(mae); // the library confirms the device by itself
  const { Devices: [device] } = await admin.adminListDevices({ UserPoolId, Username: 'mae' });
  const session = await signIn(user('mae')); // by the device's secret as well
  assert.equal(session.getAccessToken().payload.device_key, device.DeviceKey);
  const { Devices } = await admin.adminListDevices({ UserPoolId, Username: 'mae' });
  assert.equal(Devices.length, 1);
  await admin.updateUserPool({ UserPoolId, AutoVerifiedAttributes: ['email'] });
});

test('users and guests get credentials', async () => {
  const identities = brume.client(Identity.CognitoIdentity);
  const iam = brume.client(IAM.IAM);
  const provider = `cognito-idp.us-east-1.amazonaws.com/${UserPoolId}`;
  const { IdentityPoolId } = await identities.createIdentityPool({
    IdentityPoolName: 'app',
    AllowUnauthenticatedIdentities: true,
    CognitoIdentityProviders: [{ ProviderName: provider, ClientId }],
  });
  const Roles = {};
  for (const kind of ['authenticated', 'unauthenticated']) {
    const trust = document({
      Effect: 'Allow',
      Principal: { Federated: 'cognito-identity.amazonaws.com' },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: { 'cognito-identity.amazonaws.com:aud': IdentityPoolId },
        'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': kind },
      },
    });
    Roles[kind] = (await iam.createRole({ RoleName: kind, AssumeRolePolicyDocument: trust })).Role.Arn;
  }
  await iam.putRolePolicy({ RoleName: 'authenticated', PolicyName: 'p', PolicyDocument: document({ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }) });
  await identities.setIdentityPoolRoles({ IdentityPoolId, Roles });
  const session = await signIn(await made('rosa'));
  const clientConfig = { endpoint: brume.url, region: 'us-east-1' };
  const theirs = fromCognitoIdentityPool({ clientConfig, identityPoolId: IdentityPoolId, logins: { [provider]: session.getIdToken().getJwtToken() } });
  const guests = fromCognitoIdentityPool({ clientConfig, identityPoolId: IdentityPoolId });
  await brume.client(SQS.SQS, theirs).createQueue({ QueueName: 'theirs' });
  await assert.rejects(brume.client(SQS.SQS, guests).createQueue({ QueueName: 'guests' }), { name: 'AccessDenied' });
  const { Arn } = await brume.client(STS.STS, guests).getCallerIdentity({});
  assert.match(Arn, /:assumed-role\/unauthenticated\/CognitoIdentityCredentials$/);
});

// Names below localhost are this machine's, as browsers know; Node asks the system, which may not.
function visit(url, { headers = {}, body, method = body ? 'POST' : 'GET' } = {}) {
  const at = new URL(url);
  return new Promise((done, fail) => {
    const form = body?.toString();
    const type = form ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {};
    const call = request({ host: '127.0.0.1', port: at.port, path: at.pathname + at.search, method, headers: { Host: at.host, ...type, ...headers } }, async (answer) => {
      let text = '';
      for await (const part of answer) text += part;
      done({ status: answer.statusCode, headers: answer.headers, text });
    });
    call.on('error', fail);
    call.end(form);
  });
}

test('a browser application signs in at the domain', async () => {
  await admin.createUserPoolDomain({ UserPoolId, Domain: 'shop' });
  const redirect = 'http://localhost:3000/back';
  const { UserPoolClient: client } = await admin.createUserPoolClient({
    UserPoolId,
    ClientName: 'spa',
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ['code'],
    AllowedOAuthScopes: ['openid', 'email'],
    CallbackURLs: [redirect],
  });
  const issuer = `${brume.url}/${UserPoolId}`;
  const found = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  assert.equal(found.issuer, issuer);
  assert.match(found.authorization_endpoint, /^http:\/\/shop\.auth\.us-east-1\.localhost:\d+\/oauth2\/authorize$/);
  await made('lin');
  const query = new URLSearchParams({ client_id: client.ClientId, response_type: 'code', redirect_uri: redirect, scope: 'openid email' });
  const login = found.authorization_endpoint.replace('/oauth2/authorize', '/login') + '?' + query;
  const page = await visit(login);
  const token = /name="_csrf" value="([^"]+)"/.exec(page.text)[1];
  const back = await visit(login, { headers: { Cookie: page.headers['set-cookie'][0].split(';')[0] }, body: new URLSearchParams({ _csrf: token, username: 'lin', password }) });
  assert.equal(back.status, 302);
  const code = new URL(back.headers.location).searchParams.get('code');
  const exchange = { grant_type: 'authorization_code', client_id: client.ClientId, redirect_uri: redirect, code };
  const tokens = await visit(found.token_endpoint, { headers: { Origin: 'http://localhost:3000' }, body: new URLSearchParams(exchange) });
  assert.equal(tokens.headers['access-control-allow-origin'], '*');
  const { access_token } = JSON.parse(tokens.text);
  const me = await visit(found.userinfo_endpoint, { headers: { Authorization: `Bearer ${access_token}` } });
  assert.equal(JSON.parse(me.text).email, 'lin@example.com');
});
