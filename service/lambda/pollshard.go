package lambda

import "context"

func (x *polling) findShards(context.Context) error { return errOver }
func (x *polling) pollShard(context.Context) error  { return errOver }
