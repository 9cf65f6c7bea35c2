package iam

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"time"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/state/kv"
)

// GenerateCredentialReport makes a report, unless there is a recent one. It is
// made at once; the first answer says STARTED all the same, because tools wait
// for the change.
func (s *Service) GenerateCredentialReport(ctx context.Context, _ *api.GenerateCredentialReportInput) (*api.GenerateCredentialReportOutput, error) {
	out := api.GenerateCredentialReportOutput{State: api.ReportStateTypeCOMPLETE}
	err := s.update(ctx, func(t *tx) error {
		r, ok := reports.Get(t.Tx, reports.Key(t.Scope))
		if ok && t.Now().Sub(r.Made) < reportLifetime {
			return nil
		}
		out.State, out.Description = api.ReportStateTypeSTARTED, new("No report exists. Starting a new report generation task")
		content, err := t.report()
		reports.Put(t.Tx, reports.Key(t.Scope), &report{Made: t.Now(), Content: content})
		return err
	})
	return &out, err
}

// GetCredentialReport gives the report that was made last.
func (s *Service) GetCredentialReport(ctx context.Context, _ *api.GetCredentialReportInput) (*api.GetCredentialReportOutput, error) {
	out := api.GetCredentialReportOutput{ReportFormat: api.ReportFormatTypeTextCsv}
	err := s.view(ctx, func(t *tx) error {
		r, ok := reports.Get(t.Tx, reports.Key(t.Scope))
		switch {
		case !ok:
			return api.ErrCredentialReportNotPresentException("No report exists. Call GenerateCredentialReport to make one.")
		case t.Now().Sub(r.Made) >= reportLifetime:
			return api.ErrCredentialReportExpiredException("The report has expired. Call GenerateCredentialReport to make a new one.")
		}
		out.Content, out.GeneratedTime = r.Content, &r.Made
		return nil
	})
	return &out, err
}

// reportColumns head the report.
// AWS: "Generate credential reports for your AWS account", report format.
func reportColumns() []string {
	return []string{
		"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed", "password_next_rotation", "mfa_active",
		"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
		"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region", "access_key_2_last_used_service",
		"cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
	}
}

const notApplicable = "N/A"

// reportTime is how the report has times.
func reportTime(at time.Time, none string) string {
	if at.IsZero() {
		return none
	}
	return at.UTC().Format("2006-01-02T15:04:05+00:00")
}

func (t *tx) report() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	lines := [][]string{reportColumns(), t.rootLine()}
	for _, u := range users.ScanBy(t.Tx, kv.Prefix(users.IndexPrefix(&users.Indexes[0], t.Scope))) {
		lines = append(lines, t.userLine(u))
	}
	err := w.WriteAll(lines)
	return b.Bytes(), err
}

func (t *tx) rootLine() []string {
	line := []string{rootName, t.arn("root"), notApplicable, "not_supported", "no_information", "not_supported", "not_supported", strconv.FormatBool(len(t.devicesOf("")) > 0)}
	return t.credentialColumns(line, "")
}

func (t *tx) userLine(u *user) []string {
	line := []string{u.Name, t.userARN(u), reportTime(u.Created, ""), strconv.FormatBool(u.Login != nil)}
	if u.Login == nil {
		line = append(line, notApplicable, notApplicable, notApplicable)
	} else {
		next := time.Time{}
		if days := t.passwordRules().MaxAge; days > 0 {
			next = u.Login.Changed.AddDate(0, 0, days)
		}
		line = append(line, reportTime(u.LastSeen, "no_information"), reportTime(u.Login.Changed, ""), reportTime(next, notApplicable))
	}
	line = append(line, strconv.FormatBool(len(t.devicesOf(u.ID)) > 0))
	return t.credentialColumns(line, u.ID)
}

// credentialColumns adds the columns of access keys and signing certificates.
func (t *tx) credentialColumns(line []string, id string) []string {
	keys := t.keysOf(id)
	for i := range maxAccessKeys {
		if i >= len(keys) {
			line = append(line, "false", notApplicable, notApplicable, notApplicable, notApplicable)
			continue
		}
		k := keys[i]
		use := &lastUse{Region: notApplicable, Service: notApplicable}
		if u, ok := lastUses.Get(t.Tx, lastUses.Key(t.Scope, kv.String(k.ID))); ok {
			use = u
		}
		line = append(line, strconv.FormatBool(!k.Inactive), reportTime(k.Created, ""), reportTime(use.At, notApplicable), use.Region, use.Service)
	}
	certs := credentialsOf(t, &signingCerts, id)
	for i := range maxSigningCerts {
		if i >= len(certs) {
			line = append(line, "false", notApplicable)
			continue
		}
		line = append(line, strconv.FormatBool(!certs[i].Inactive), reportTime(certs[i].Created, ""))
	}
	return line
}
