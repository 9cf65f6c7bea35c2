package lambda

import (
	"context"
	"iter"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// InvokeWithResponseStream calls a function and passes its answer on while it is
// written, whether the function streams or not.
func (s *Service) InvokeWithResponseStream(ctx context.Context, in *lambda.InvokeWithResponseStreamInput) (*lambda.InvokeWithResponseStreamOutput, error) {
	if in.TenantId != nil {
		return nil, unbuilt("TenantId in calls")
	}
	payload, clientContext, err := checkPayload(lambda.InvocationTypeRequestResponse, in.Payload, in.ClientContext)
	if err != nil {
		return nil, err
	}
	t, err := s.aim(ctx, in.FunctionName, in.Qualifier)
	switch {
	case err != nil:
		return nil, err
	case in.InvocationType == lambda.ResponseStreamingInvocationTypeDryRun:
		return &lambda.InvokeWithResponseStreamOutput{StatusCode: new(int32(204)), EventStream: func(func(*lambda.InvokeWithResponseStreamResponseEvent, error) bool) {}}, nil
	}
	r := Request{ID: aws.CallFrom(ctx).RequestID, FunctionARN: t.f.at.qualified(), Payload: payload, ClientContext: clientContext}
	stream, err := s.begin(ctx, t, r)
	if err != nil {
		return nil, s.refusal(t, err)
	}
	return &lambda.InvokeWithResponseStreamOutput{
		StatusCode: new(int32(200)), ExecutedVersion: new(t.c.version()), EventStream: told(stream, in.LogType == lambda.LogTypeTail),
	}, nil
}

// aim finds the version that a call is for.
func (s *Service) aim(ctx context.Context, name string, qualifier *string) (t target, err error) {
	roll := s.roll()
	err = s.view(ctx, name, qualifier, func(tx kv.Tx, f *function, c *configuration) error {
		t = f.aim(tx, c, roll)
		return nil
	})
	return t, err
}

// begin is run for an answer that is read while it is written: the log is written
// and the time counted when it has ended.
func (s *Service) begin(ctx context.Context, t target, r Request) (*Stream, error) {
	if t.f.Limited && t.f.Reserved == 0 {
		return nil, ErrBusy
	}
	call := aws.CallFrom(ctx)
	if err := s.keepRate(call, t); err != nil {
		return nil, err
	}
	if r.TraceID = s.follow(call, t); r.TraceID == "" {
		return nil, errLoop
	}
	ctx = outlast(ctx)
	stream, err := s.Runner.Stream(ctx, s.program(call, t), r)
	if err != nil {
		return nil, err
	}
	end := stream.End
	stream.End = func() (Outcome, error) {
		out, err := end()
		if err == nil {
			s.bill(call, t.c, &out)
			s.writeLog(t, &out)
		}
		return out, err
	}
	return stream, nil
}

// told is a stream as events: its chunks, and how it ended.
func told(stream *Stream, withLog bool) iter.Seq2[*lambda.InvokeWithResponseStreamResponseEvent, error] {
	return func(yield func(*lambda.InvokeWithResponseStreamResponseEvent, error) bool) {
		heard := true
		for chunk := range stream.chunks() {
			if heard = yield(&lambda.InvokeWithResponseStreamResponseEvent{PayloadChunk: &lambda.InvokeResponseStreamUpdate{Payload: chunk}}, nil); !heard {
				break
			}
		}
		out, err := stream.End()
		switch {
		case !heard:
			return
		case err != nil:
			yield(nil, err)
			return
		}
		done := &lambda.InvokeWithResponseStreamCompleteEvent{}
		if out.Error != "" {
			done.ErrorCode, done.ErrorDetails = &out.Error, new(string(out.Payload))
		}
		if withLog {
			done.LogResult = new(tail(out.Logs))
		}
		yield(&lambda.InvokeWithResponseStreamResponseEvent{InvokeComplete: done}, nil)
	}
}

// chunks are what is written, as it comes. A reader that leaves early closes the stream.
func (s *Stream) chunks() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		defer s.Body.Close() //nolint:errcheck // nothing is left to be done about it
		buffer := make([]byte, streamChunk)
		for {
			n, err := s.Body.Read(buffer)
			if n > 0 && !yield(buffer[:n]) {
				return
			}
			if err != nil { // the function's own end is told by End
				return
			}
		}
	}
}
