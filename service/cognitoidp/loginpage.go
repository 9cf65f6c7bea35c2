package cognitoidp

import (
	"bytes"
	"context"
	"encoding/hex"
	"html/template"
	"net/http"
)

// form is what the page of signing in shows.
type form struct {
	Name      string
	Problem   string // what was wrong with the last attempt
	Notice    string // what has been done
	Challenge string // what is asked for; empty for name and password
	Session   string
	Choices   []string // of factors
	Secret    string   // of a new device
	Own       bool     // the user may enter a name and a password
	Others    []other
	Join      bool         // users may sign up
	Fields    []string     // attributes that they then enter
	Query     template.URL // of the page
	Token     string       // against forged requests

	hash *string // secret hash of the name
}

// page shows the page of signing in.
func (s *Service) page(v *visit, f form) (*reply, error) {
	f.Token = v.cookie(xsrfCookie)
	fresh := f.Token == ""
	if fresh {
		f.Token = hex.EncodeToString(s.bytes(xsrfBytes))
	}
	r, err := show(http.StatusOK, "login", f)
	if err == nil && fresh {
		v.setCookie(r, &http.Cookie{Name: xsrfCookie, Value: f.Token})
	}
	return r, err
}

const xsrfBytes = 16

// showError tells a user what a client has done wrong.
func showError(_ context.Context, v *visit) (*reply, error) {
	return show(http.StatusBadRequest, "error", v.query.Get("error"))
}

func show(status int, name string, data any) (*reply, error) {
	t, err := template.New("").Parse(pages)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return nil, err
	}
	return &reply{status, http.Header{
		"Content-Type":            {"text/html; charset=utf-8"},
		"Content-Security-Policy": {"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
		"X-Frame-Options":         {"DENY"},
		"Referrer-Policy":         {"no-referrer"},
	}, b.Bytes()}, nil
}

// pages are the pages of every domain. They need no script.
const pages = `{{define "head"}}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in</title><style>
body{font:16px/1.5 system-ui,sans-serif;background:#eef1f4;color:#1c2733;display:grid;place-items:center;min-height:100vh;margin:0}
main{background:#fff;padding:2rem;border-radius:12px;width:20rem;box-shadow:0 2px 12px #0002}
h1{font-size:1.3rem;margin:0 0 1rem}label{display:block;margin-top:1rem}
code{overflow-wrap:anywhere}input,select{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #b6c2cd;border-radius:6px}
button{font:inherit;width:100%;margin-top:1.5rem;padding:.6rem;border:0;border-radius:6px;background:#1f5f8b;color:#fff}
.problem{background:#fdecea;color:#8a1f11;padding:.5rem .8rem;border-radius:6px}
</style></head><body><main>{{end}}

{{define "title"}}{{if not .}}Sign in{{else if eq . "SIGN_UP"}}Sign up{{else if eq . "FORGOT_PASSWORD"}}Forgot your password?{{else if eq . "NEW_PASSWORD_REQUIRED"}}Choose a new password{{else if eq . "SELECT_MFA_TYPE"}}How will you prove who you are?{{else}}Enter your code{{end}}{{end}}

{{define "name"}}<label>Username <input name="username" value="{{.}}" autocomplete="username" autocapitalize="none" required autofocus></label>{{end}}

{{define "new"}}<label>New password <input name="new_password" type="password" autocomplete="new-password" required></label>{{end}}

{{define "code"}}<label>Code <input name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus></label>{{end}}

{{define "fields"}}
<input type="hidden" name="challenge" value="{{.Challenge}}">
{{if or (eq .Challenge "SIGN_UP") (eq .Challenge "FORGOT_PASSWORD")}}{{template "name" .Name}}
{{else}}<input type="hidden" name="username" value="{{.Name}}"><input type="hidden" name="session" value="{{.Session}}">{{end}}
{{if eq .Challenge "SIGN_UP"}}
{{range .Fields}}<label>{{.}} <input name="attribute.{{.}}" required></label>{{end}}
<label>Password <input name="password" type="password" autocomplete="new-password" required></label>
{{else if eq .Challenge "FORGOT_PASSWORD"}}
{{else if eq .Challenge "NEW_PASSWORD_REQUIRED"}}{{template "new"}}
{{else if eq .Challenge "CONFIRM_FORGOT_PASSWORD"}}{{template "code"}}{{template "new"}}
{{else if eq .Challenge "SELECT_MFA_TYPE"}}
{{range .Choices}}<input type="hidden" name="choice" value="{{.}}">{{end}}
<label>By <select name="answer">{{range .Choices}}<option value="{{.}}">{{if eq . "SMS_MFA"}}a text message{{else if eq . "EMAIL_OTP"}}a mail{{else}}an authenticator app{{end}}</option>{{end}}</select></label>
{{else}}
{{with .Secret}}<p>Add this key to your authenticator app, and enter the code that it shows: <code>{{.}}</code></p>
<input type="hidden" name="secret" value="{{.}}">{{end}}
{{template "code"}}{{end}}{{end}}

{{define "login"}}{{template "head"}}
<h1>{{template "title" .Challenge}}</h1>
{{with .Notice}}<p role="status">{{.}}</p>{{end}}
{{with .Problem}}<p class="problem" role="alert">{{.}}</p>{{end}}
{{if .Own}}<form method="post" name="cognitoSignInForm">
<input type="hidden" name="_csrf" value="{{.Token}}">
{{if .Challenge}}{{template "fields" .}}{{else}}{{template "name" .Name}}
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>{{end}}
<button name="signInSubmitButton">{{if .Challenge}}Continue{{else}}Sign in{{end}}</button>
</form>
{{if .Challenge}}<p><a href="/login?{{.Query}}">Sign in</a></p>{{else}}<p><a href="/forgotPassword?{{.Query}}">Forgot your password?</a></p>
{{if .Join}}<p><a href="/signup?{{.Query}}">Sign up</a></p>{{end}}{{end}}{{end}}
{{range .Others}}<p><a href="{{.Link}}">Continue with {{.Name}}</a></p>{{end}}</main></body></html>{{end}}

{{define "notice"}}{{template "head"}}
<p role="status">{{.}}</p></main></body></html>{{end}}

{{define "error"}}{{template "head"}}
<h1>An error was encountered with the requested page.</h1>
<p class="problem" role="alert">{{.}}</p></main></body></html>{{end}}
`
