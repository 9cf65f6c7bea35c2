package function

import (
	"runtime"
	"strings"
	"testing"
)

func TestProvisionedEnvironmentsAreReadyAndReplaced(t *testing.T) {
	p := newPlane(t)
	s := testSpec(t)
	s.Pool = "pool"
	s.Share, s.MaxCalls = "f", 0
	if err := p.Provision(t.Context(), "owner", []Spec{s}, 2); err != nil {
		t.Fatal(err)
	}
	if n := p.Provisioned("pool"); n != 2 {
		t.Errorf("%d are ready", n)
	}
	out := invoke(t, p, s, order{Do: "variables"})
	if out.Cold || !out.Provisioned || !strings.Contains(string(out.Payload), "AWS_LAMBDA_INITIALIZATION_TYPE=provisioned-concurrency") {
		t.Errorf("outcome %v %v %s", out.Cold, out.Provisioned, out.Payload)
	}
	_ = invoke(t, p, s, order{Do: "exit"})
	for p.Provisioned("pool") < 2 { // the crashed one is replaced
		runtime.Gosched()
	}
	if err := p.Provision(t.Context(), "owner", []Spec{s}, 1); err != nil || p.Provisioned("pool") != 1 {
		t.Errorf("after one is given back: %v, %d", err, p.Provisioned("pool"))
	}
	renewed := s
	renewed.Pool = "renewed"
	if err := p.Provision(t.Context(), "owner", []Spec{renewed}, 1); err != nil || p.Provisioned("pool") != 0 || p.Provisioned("renewed") != 1 {
		t.Errorf("after the renewal: %v, %d and %d", err, p.Provisioned("pool"), p.Provisioned("renewed"))
	}
	if err := p.Provision(t.Context(), "owner", nil, 0); err != nil || p.Provisioned("renewed") != 0 {
		t.Errorf("after the end: %v, %d", err, p.Provisioned("renewed"))
	}
	if _, err := p.Invoke(t.Context(), s, event(order{})); err != ErrBusy {
		t.Errorf("on demand without a share: %v", err)
	}
	s.MaxCalls = 1
	if out := invoke(t, p, s, order{}); !out.Cold || out.Provisioned {
		t.Errorf("on demand: %+v", out)
	}
}

func TestFunctionThatCannotStartIsNotProvisioned(t *testing.T) {
	p := newPlane(t)
	s := testSpec(t)
	s.Pool, s.Handler = "pool", "bad.init"
	if err := p.Provision(t.Context(), "owner", []Spec{s}, 1); err == nil || !strings.Contains(err.Error(), "Bad.Init") {
		t.Errorf("error %v", err)
	}
	if n := p.Provisioned("pool"); n != 0 {
		t.Errorf("%d are ready", n)
	}
}
