package apigatewayv2

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/authorizer"
)

// admit asks the authorizer of $connect.
// AWS: "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers".
func (s *Service) admit(ctx context.Context, v *socketVisit) error {
	z := v.Authorizers[deref(v.route.AuthorizerId)]
	if z == nil {
		return v.refusal(http.StatusInternalServerError, "Internal server error")
	}
	for _, source := range z.IdentitySource {
		if v.lookup(strings.TrimPrefix(source, "route.")) == "" {
			return v.refusal(http.StatusUnauthorized, "Unauthorized")
		}
	}
	at := v.connection.at()
	e := v.event()
	e.Type, e.MethodARN, e.IsBase64 = "REQUEST", at.executeARN("/"+v.connection.Stage+"/"+connectRoute), nil
	payload, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f := v.functionCall(deref(z.AuthorizerUri), deref(z.AuthorizerCredentialsArn))
	f.payload, f.timeout = payload, maxWebSocketTimeout*time.Millisecond
	out, err := s.answerOf(ctx, f)
	if errors.Is(err, errFailed) && saysUnauthorized(out) {
		return v.refusal(http.StatusUnauthorized, "Unauthorized")
	}
	var decision *authorizer.Decision
	if err == nil {
		decision, err = authorizer.ReadPolicy(out)
	}
	if err != nil {
		s.Log.Info("the authorizer of a WebSocket API failed", "api", v.API, "error", err)
		return v.refusal(http.StatusInternalServerError, "Internal server error")
	}
	call := *aws.CallFrom(ctx)
	call.Account = at.Account
	if allowed, _ := decision.Allows(&call, e.MethodARN); !allowed {
		return v.refusal(http.StatusForbidden, "Forbidden")
	}
	said := map[string]any{"principalId": decision.Principal, "integrationLatency": 0}
	maps.Copy(said, decision.Context)
	v.Authorizer, err = json.Marshal(said)
	return err
}

// saysUnauthorized reports whether a function failed with the word that stands for
// a caller who is nobody.
func saysUnauthorized(payload []byte) bool {
	var failed struct {
		Message string `json:"errorMessage"`
	}
	return json.Unmarshal(payload, &failed) == nil && failed.Message == "Unauthorized"
}
