package cognitoidp_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func (c *club) initiate(flow types.AuthFlowType, values map[string]string) (*cognito.InitiateAuthOutput, error) {
	return c.public.InitiateAuth(c.Context(), &cognito.InitiateAuthInput{ClientId: c.client.ClientId, AuthFlow: flow, AuthParameters: values})
}

func (c *club) byPassword(name, password string) (*cognito.InitiateAuthOutput, error) {
	return c.initiate("USER_PASSWORD_AUTH", map[string]string{"USERNAME": name, "PASSWORD": password})
}

// member is a user who can sign in.
func (c *club) member(name string) {
	c.Helper()
	ok[*cognito.SignUpOutput](c.T)(c.signUp(name, attr("email", name+"@example.com")))
	ok[*cognito.AdminConfirmSignUpOutput](c.T)(c.admin.AdminConfirmSignUp(c.Context(), &cognito.AdminConfirmSignUpInput{UserPoolId: c.pool.Id, Username: &name}))
}

func claims(t *testing.T, token *string) (out map[string]any) {
	t.Helper()
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(*token, ".")[1])
	if err != nil || json.Unmarshal(body, &out) != nil {
		t.Fatalf("token %s: %v", *token, err)
	}
	return out
}

// prime is that of the group of 3072 bits.
const prime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

func number(hex string) *big.Int { x, _ := new(big.Int).SetString(hex, 16); return x }

func pad(x *big.Int) []byte {
	if b := x.Bytes(); b[0] < 0x80 {
		return b
	}
	return append([]byte{0}, x.Bytes()...)
}

func sum(parts ...[]byte) []byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func sign(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// srpKey is the client's private number, and srpPublic the public one.
const srpKey = "123456789abcdef0123456789abcdef"

func srpPublic() *big.Int { return new(big.Int).Exp(big.NewInt(2), number(srpKey), number(prime)) }

// proof answers what an exchange has challenged, as AWS's open source clients do, for
// the two parts of who has the password.
func proof(p map[string]string, pool, user, password string) map[string]string {
	n, g, a, public := number(prime), big.NewInt(2), number(srpKey), srpPublic()
	b, k := number(p["SRP_B"]), new(big.Int).SetBytes(sum(pad(n), pad(g)))
	u := new(big.Int).SetBytes(sum(pad(public), pad(b)))
	x := new(big.Int).SetBytes(sum(pad(number(p["SALT"])), sum([]byte(pool+user+":"+password))))
	base := new(big.Int).Sub(b, new(big.Int).Mul(k, new(big.Int).Exp(g, x, n)))
	shared := new(big.Int).Exp(base.Mod(base, n), new(big.Int).Add(a, new(big.Int).Mul(u, x)), n)
	key := sign(sign(pad(u), pad(shared)), []byte("Caldera Derived Key\x01"))[:16]
	block, _ := base64.StdEncoding.DecodeString(p["SECRET_BLOCK"])
	stamp := "Sat Nov 28 03:00:00 UTC 2026"
	return map[string]string{
		"USERNAME": p["USERNAME"], "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"], "TIMESTAMP": stamp,
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(sign(key, []byte(pool), []byte(user), block, []byte(stamp))),
	}
}

// bySRP signs in without telling the password.
func (c *club) bySRP(name, password string) (*cognito.RespondToAuthChallengeOutput, error) {
	c.Helper()
	out := ok[*cognito.InitiateAuthOutput](c.T)(c.initiate("USER_SRP_AUTH", map[string]string{"USERNAME": name, "SRP_A": srpPublic().Text(16)}))
	_, short, _ := strings.Cut(*c.pool.Id, "_")
	return c.public.RespondToAuthChallenge(c.Context(), &cognito.RespondToAuthChallengeInput{
		ClientId: c.client.ClientId, ChallengeName: "PASSWORD_VERIFIER", ChallengeResponses: proof(out.ChallengeParameters, short, out.ChallengeParameters["USER_ID_FOR_SRP"], password),
	})
}

func TestUserSignsInWithoutTellingThePassword(t *testing.T) {
	c := mailing(t)
	c.member("ada")
	out := ok[*cognito.RespondToAuthChallengeOutput](t)(c.bySRP("ada", password))
	id := claims(t, out.AuthenticationResult.IdToken)
	if id["cognito:username"] != "ada" || id["aud"] != *c.client.ClientId || id["email"] != "ada@example.com" || id["token_use"] != "id" || !strings.HasSuffix(id["iss"].(string), "/"+*c.pool.Id) {
		t.Errorf("claims: %v", id)
	}
	_, err := c.bySRP("ada", "wrong")
	wants(t, err, "NotAuthorizedException", "Incorrect username or password.")
}

func TestUserSignsInAndRefreshes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mailing(t)
		c.member("ada")
		first := ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password)).AuthenticationResult
		again := map[string]string{"REFRESH_TOKEN": *first.RefreshToken}
		second := ok[*cognito.InitiateAuthOutput](t)(c.initiate("REFRESH_TOKEN_AUTH", again)).AuthenticationResult
		a, b := claims(t, first.AccessToken), claims(t, second.AccessToken)
		if a["origin_jti"] != b["origin_jti"] || a["origin_jti"] == nil || a["jti"] == b["jti"] || a["scope"] != "aws.cognito.signin.user.admin" || second.RefreshToken != nil {
			t.Errorf("claims: %v and %v", a, b)
		}
		c.cloud.Advance(31 * 24 * time.Hour)
		_, err := c.initiate("REFRESH_TOKEN_AUTH", again)
		wants(t, err, "NotAuthorizedException", "Refresh Token has expired")
	})
}

func TestWrongPasswordsLockOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mailing(t)
		c.member("ada")
		for range 6 {
			_, err := c.byPassword("ada", "wrong")
			wants(t, err, "NotAuthorizedException", "Incorrect username or password.")
		}
		_, err := c.byPassword("ada", password)
		wants(t, err, "NotAuthorizedException", "Password attempts exceeded")
		c.cloud.Advance(2 * time.Second)
		ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password))
		_, err = c.byPassword("ghost", password)
		wants(t, err, "UserNotFoundException", "User does not exist.")
	})
}

func TestTemporaryPasswordIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mailing(t)
		ok[*cognito.AdminCreateUserOutput](t)(c.admin.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{UserPoolId: c.pool.Id, Username: new("ada"), TemporaryPassword: new(password), MessageAction: "SUPPRESS"}))
		renew := func(session *string) error {
			_, err := c.public.RespondToAuthChallenge(t.Context(), &cognito.RespondToAuthChallengeInput{
				ClientId: c.client.ClientId, ChallengeName: "NEW_PASSWORD_REQUIRED", Session: session, ChallengeResponses: map[string]string{"USERNAME": "ada", "NEW_PASSWORD": "An0ther-one"},
			})
			return err
		}
		out := ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password))
		if out.ChallengeName != "NEW_PASSWORD_REQUIRED" || out.AuthenticationResult != nil {
			t.Fatalf("challenge: %+v", out)
		}
		c.cloud.Advance(4 * time.Minute)
		wants(t, renew(out.Session), "NotAuthorizedException", "session is expired")
		out = ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password))
		c.must(renew(out.Session))
		ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", "An0ther-one"))
	})
}
