package cognitoidp_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// relay is the code of the function.
var relay = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "relay")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", file, "./testdata/relay")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	f, err := w.CreateHeader(h)
	if err == nil {
		_, err = f.Write(data)
	}
	_ = w.Close()
	return buf.Bytes(), err
})

// told is an event as a function gets it.
type told struct {
	Version, Region, UserPoolID, UserName, TriggerSource string
	CallerContext                                        struct{ AwsSdkVersion, ClientID string }
	Request                                              map[string]any
	Response                                             map[string]any
}

// functions are what the pool's function does, by the source of the event. An error is
// what it fails with.
type functions struct {
	sync.Mutex
	does map[string]func(e *told) error
	seen []*told
}

// on says what the function does for a source.
func (f *functions) on(source string, do func(e *told) error) {
	f.Lock()
	defer f.Unlock()
	f.does[source] = do
}

// first is the first event that there was.
func (f *functions) first() *told {
	f.Lock()
	defer f.Unlock()
	return f.seen[0]
}

// sources are the events that there were.
func (f *functions) sources() string {
	f.Lock()
	defer f.Unlock()
	var all []string
	for _, e := range f.seen {
		all = append(all, e.TriggerSource)
	}
	f.seen = nil
	return strings.Join(all, " ")
}

func (f *functions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.Lock()
	defer f.Unlock()
	var e told
	var whole map[string]any
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	_ = json.Unmarshal(body.Bytes(), &e)
	_ = json.Unmarshal(body.Bytes(), &whole)
	f.seen = append(f.seen, &e)
	if do := f.does[e.TriggerSource]; do != nil {
		if err := do(&e); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"errorType": "Error", "errorMessage": err.Error()})
			return
		}
	}
	whole["response"] = e.Response
	_ = json.NewEncoder(w).Encode(whole)
}

// triggered is a club whose pool calls functions.
func triggered(t *testing.T, config func(l *types.LambdaConfigType, arn *string), permitted bool) (*club, *functions) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("provided.al2023 needs Linux or macOS")
	}
	c := newClub(t, &cognito.CreateUserPoolInput{AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}}, &cognito.CreateUserPoolClientInput{
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	f := &functions{does: map[string]func(*told) error{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	roles := iam.NewFromConfig(c.cloud.Config())
	role := ok[*iam.CreateRoleOutput](t)(roles.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: new("worker"), AssumeRolePolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`),
	})).Role
	ok[*iam.PutRolePolicyOutput](t)(roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: new("worker"), PolicyName: new("logs"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}`),
	}))
	code, err := relay()
	c.must(err)
	arch := lambdatypes.ArchitectureX8664
	if runtime.GOARCH == "arm64" {
		arch = lambdatypes.ArchitectureArm64
	}
	compute := lambda.NewFromConfig(c.cloud.Config())
	made := ok[*lambda.CreateFunctionOutput](t)(compute.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: new("relay"), Role: role.Arn, Runtime: lambdatypes.RuntimeProvidedal2023, Handler: new("h"), Code: &lambdatypes.FunctionCode{ZipFile: code},
		Architectures: []lambdatypes.Architecture{arch}, Timeout: new(int32(30)), Environment: &lambdatypes.Environment{Variables: map[string]string{"TEST": server.URL}},
	}))
	if permitted {
		ok[*lambda.AddPermissionOutput](t)(compute.AddPermission(t.Context(), &lambda.AddPermissionInput{
			FunctionName: new("relay"), StatementId: new("pool"), Action: new("lambda:InvokeFunction"), Principal: new("cognito-idp.amazonaws.com"), SourceArn: c.pool.Arn,
		}))
	}
	l := new(types.LambdaConfigType)
	config(l, made.FunctionArn)
	ok[*cognito.UpdateUserPoolOutput](t)(c.admin.UpdateUserPool(t.Context(), &cognito.UpdateUserPoolInput{
		UserPoolId: c.pool.Id, LambdaConfig: l, AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"},
	}))
	return c, f
}

func TestFunctionsApproveSignUpAndWriteLetters(t *testing.T) {
	c, f := triggered(t, func(l *types.LambdaConfigType, arn *string) {
		l.PreSignUp, l.PostConfirmation, l.CustomMessage = arn, arn, arn
	}, true)
	f.on("PreSignUp_SignUp", func(e *told) error {
		if e.UserName == "mallory" {
			return fmt.Errorf("no")
		}
		e.Response["autoConfirmUser"], e.Response["autoVerifyEmail"] = e.UserName == "grace", true
		return nil
	})
	f.on("CustomMessage_SignUp", func(e *told) error {
		e.Response["emailSubject"], e.Response["emailMessage"] = "Welcome", fmt.Sprint("Hello ", e.UserName, ", it is ", e.Request["codeParameter"])
		return nil
	})
	_, err := c.signUp("mallory")
	wants(t, err, "UserLambdaValidationException", "PreSignUp failed with error no.")
	_, err = c.admin.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: c.pool.Id, Username: new("mallory")})
	wants(t, err, "UserNotFoundException", "")
	f.sources()
	out := ok[*cognito.SignUpOutput](t)(c.public.SignUp(t.Context(), &cognito.SignUpInput{
		ClientId: c.client.ClientId, Username: new("grace"), Password: new(password), UserAttributes: []types.AttributeType{attr("email", "grace@example.com")},
		ValidationData: []types.AttributeType{attr("captcha", "7")}, ClientMetadata: map[string]string{"from": "test"},
	}))
	e := f.first()
	if e.Version != "1" || e.Region != "us-east-1" || e.UserPoolID != *c.pool.Id || e.CallerContext.ClientID != *c.client.ClientId || fmt.Sprint(e.Request) != "map[clientMetadata:map[from:test] userAttributes:map[email:grace@example.com] validationData:map[captcha:7]]" {
		t.Errorf("event: %+v", e)
	}
	if !out.UserConfirmed || out.CodeDeliveryDetails != nil || f.sources() != "PreSignUp_SignUp PostConfirmation_ConfirmSignUp" {
		t.Errorf("signed up: %+v, %s", out, f.sources())
	}
	if u := c.get("grace"); u.UserStatus != "CONFIRMED" || value(u.UserAttributes, "email_verified") != "true" {
		t.Errorf("user: %+v", u)
	}
	ok[*cognito.SignUpOutput](t)(c.signUp("ada", attr("email", "ada@example.com")))
	letter, code := c.letter()
	if letter.Subject != "Welcome" || letter.Body != "Hello ada, it is "+code {
		t.Errorf("letter: %+v", letter)
	}
	c.must(c.confirm("ada", code))
	if got := f.sources(); got != "PreSignUp_SignUp CustomMessage_SignUp PostConfirmation_ConfirmSignUp" {
		t.Errorf("events: %s", got)
	}
}

func TestFunctionsWatchSignInAndShapeTokens(t *testing.T) {
	c, f := triggered(t, func(l *types.LambdaConfigType, arn *string) {
		l.PreAuthentication, l.PostAuthentication = arn, arn
		l.PreTokenGenerationConfig = &types.PreTokenGenerationVersionConfigType{LambdaArn: arn, LambdaVersion: "V2_0"}
	}, true)
	c.member("ada")
	f.on("TokenGeneration_Authentication", func(e *told) error {
		e.Response["claimsAndScopeOverrideDetails"] = map[string]any{
			"idTokenGeneration":     map[string]any{"claimsToAddOrOverride": map[string]any{"tenant": 7, "sub": "forged"}, "claimsToSuppress": []string{"email"}},
			"accessTokenGeneration": map[string]any{"claimsToAddOrOverride": map[string]any{"plan": map[string]any{"name": "gold"}}, "scopesToAdd": []string{"orders/read"}},
			"groupOverrideDetails":  map[string]any{"groupsToOverride": []string{"staff"}},
		}
		return nil
	})
	out := ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password)).AuthenticationResult
	id, access := claims(t, out.IdToken), claims(t, out.AccessToken)
	if id["tenant"] != 7.0 || id["email"] != nil || id["sub"] == "forged" || fmt.Sprint(id["cognito:groups"], access["cognito:groups"]) != "[staff] [staff]" {
		t.Errorf("ID token: %v", id)
	}
	if access["scope"] != "aws.cognito.signin.user.admin orders/read" || fmt.Sprint(access["plan"]) != "map[name:gold]" {
		t.Errorf("access token: %v", access)
	}
	if got := f.sources(); got != "PreAuthentication_Authentication PostAuthentication_Authentication TokenGeneration_Authentication" {
		t.Errorf("events: %s", got)
	}
	ok[*cognito.InitiateAuthOutput](t)(c.initiate("REFRESH_TOKEN_AUTH", map[string]string{"REFRESH_TOKEN": *out.RefreshToken}))
	if got := f.sources(); got != "TokenGeneration_RefreshTokens" {
		t.Errorf("events: %s", got)
	}
	f.on("PreAuthentication_Authentication", func(*told) error { return fmt.Errorf("closed on Sundays") })
	_, err := c.byPassword("ada", password)
	wants(t, err, "UserLambdaValidationException", "PreAuthentication failed with error closed on Sundays.")
	f.on("PreAuthentication_Authentication", nil)
	f.on("TokenGeneration_Authentication", func(e *told) error {
		e.Response = nil
		return nil
	})
	_, err = c.byPassword("ada", password)
	wants(t, err, "InvalidLambdaResponseException", "Unrecognizable lambda output")
}

func TestFunctionMustPermitThePool(t *testing.T) {
	c, _ := triggered(t, func(l *types.LambdaConfigType, arn *string) { l.PreSignUp = arn }, false)
	_, err := c.signUp("ada")
	wants(t, err, "UnexpectedLambdaException", "PreSignUp invocation failed due to error AccessDeniedException.")
}

func TestFunctionMigratesUsers(t *testing.T) {
	c, f := triggered(t, func(l *types.LambdaConfigType, arn *string) { l.UserMigration = arn }, true)
	f.on("UserMigration_Authentication", func(e *told) error {
		if e.Request["password"] != password {
			return fmt.Errorf("Bad password")
		}
		e.Response["userAttributes"] = map[string]string{"email": "old@example.com", "email_verified": "true"}
		e.Response["finalUserStatus"], e.Response["messageAction"] = "CONFIRMED", "SUPPRESS"
		return nil
	})
	_, err := c.byPassword("ada", "wrong")
	wants(t, err, "UserNotFoundException", "Exception migrating user in app client "+*c.client.ClientId)
	out := ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password))
	if id := claims(t, out.AuthenticationResult.IdToken); id["email"] != "old@example.com" {
		t.Errorf("claims: %v", id)
	}
	f.sources()
	ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password))
	if got := f.sources(); got != "" {
		t.Errorf("migrated twice: %s", got)
	}
	f.on("UserMigration_ForgotPassword", func(e *told) error {
		e.Response["userAttributes"] = map[string]string{"email": "grace@example.com", "email_verified": "true"}
		return nil
	})
	sent := ok[*cognito.ForgotPasswordOutput](t)(c.public.ForgotPassword(t.Context(), &cognito.ForgotPasswordInput{ClientId: c.client.ClientId, Username: new("grace")}))
	if letter, _ := c.letter(); *sent.CodeDeliveryDetails.AttributeName != "email" || letter.To != "grace@example.com" {
		t.Errorf("sent %+v, %+v", sent.CodeDeliveryDetails, letter)
	}
}

func TestFunctionsLeadASignIn(t *testing.T) {
	c, f := triggered(t, func(l *types.LambdaConfigType, arn *string) {
		l.DefineAuthChallenge, l.CreateAuthChallenge, l.VerifyAuthChallengeResponse = arn, arn, arn
	}, true)
	c.member("ada")
	f.on("DefineAuthChallenge_Authentication", func(e *told) error {
		past, _ := e.Request["session"].([]any)
		e.Response["challengeName"] = "CUSTOM_CHALLENGE"
		if len(past) > 0 {
			last, _ := past[len(past)-1].(map[string]any)
			switch {
			case last["challengeName"] == "SRP_A":
				e.Response["challengeName"] = "PASSWORD_VERIFIER"
			case last["challengeName"] == "CUSTOM_CHALLENGE" && last["challengeMetadata"] != "RIDDLE":
				return fmt.Errorf("metadata %v", last)
			case last["challengeName"] == "CUSTOM_CHALLENGE":
				e.Response["issueTokens"], e.Response["failAuthentication"] = last["challengeResult"], len(past) > 2
			}
		}
		return nil
	})
	f.on("CreateAuthChallenge_Authentication", func(e *told) error {
		e.Response["publicChallengeParameters"], e.Response["privateChallengeParameters"] = map[string]string{"question": "6x7"}, map[string]string{"answer": "42"}
		e.Response["challengeMetadata"] = "RIDDLE"
		return nil
	})
	f.on("VerifyAuthChallengeResponse_Authentication", func(e *told) error {
		hidden, _ := e.Request["privateChallengeParameters"].(map[string]any)
		e.Response["answerCorrect"] = e.Request["challengeAnswer"] == hidden["answer"]
		return nil
	})
	begin := func() *cognito.InitiateAuthOutput {
		out := ok[*cognito.InitiateAuthOutput](t)(c.initiate("CUSTOM_AUTH", map[string]string{"USERNAME": "ada"}))
		if out.ChallengeName != "CUSTOM_CHALLENGE" || out.ChallengeParameters["question"] != "6x7" || out.ChallengeParameters["answer"] != "" {
			t.Fatalf("challenge: %+v", out)
		}
		return out
	}
	first := begin()
	next := ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("CUSTOM_CHALLENGE", first.Session, "ANSWER", "41"))
	if next.ChallengeName != "CUSTOM_CHALLENGE" || next.AuthenticationResult != nil {
		t.Fatalf("after a wrong answer: %+v", next)
	}
	_, err := c.respond("CUSTOM_CHALLENGE", first.Session, "ANSWER", "42")
	wants(t, err, "NotAuthorizedException", "session can only be used once")
	if out := ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("CUSTOM_CHALLENGE", next.Session, "ANSWER", "42")); out.AuthenticationResult == nil {
		t.Errorf("no tokens: %+v", out)
	}
	session := begin().Session
	for i := range 3 {
		out, err := c.respond("CUSTOM_CHALLENGE", session, "ANSWER", "0")
		if i == 2 {
			wants(t, err, "NotAuthorizedException", "Incorrect username or password.")
			break
		}
		session = ok[*cognito.RespondToAuthChallengeOutput](t)(out, err).Session
	}
	_, err = c.initiate("CUSTOM_AUTH", map[string]string{"USERNAME": "ghost"})
	wants(t, err, "UserNotFoundException", "")
	out := ok[*cognito.InitiateAuthOutput](t)(c.initiate("CUSTOM_AUTH", map[string]string{"USERNAME": "ada", "CHALLENGE_NAME": "SRP_A", "SRP_A": "abcdef"}))
	if out.ChallengeName != "PASSWORD_VERIFIER" || out.ChallengeParameters["SRP_B"] == "" {
		t.Errorf("by SRP: %+v", out)
	}
}
