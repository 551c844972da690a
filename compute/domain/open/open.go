// Package open makes a built-in domain by the name of its plugin. It is the only package that knows all of them.
package open

import (
	"errors"
	"fmt"

	"doin.network/node/compute/device"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/bbob"
	"doin.network/node/compute/domain/forecast"
	"doin.network/node/compute/domain/quadratic"
	"doin.network/node/compute/domain/tabular"
	"doin.network/node/compute/kind"
	"doin.network/node/internal/canon"
)

// ErrUnknownPlugin is returned (wrapped) by New for a name that no built-in domain has.
var ErrUnknownPlugin = errors.New("domain: unknown plugin")

// Plugins returns the accepted names, aliases included.
func Plugins() []string {
	return []string{quadratic.Plugin, quadratic.Alias, forecast.Plugin, tabular.Plugin, bbob.Plugin}
}

// New configures a domain and loads its data. nil is an empty configuration; others are members of it that belong to
// somebody else, the search's settings for one. Errors wrap ErrUnknownPlugin, domain.ErrConfig, supervised.ErrData or an
// error of the file system.
func New(plugin string, config *canon.Object, others ...string) (domain.Domain, error) {
	return NewWith(nil, plugin, config, others...)
}

// NewWith is New for a program with kinds of networks of its own, beside those of package nn.
func NewWith(kinds []kind.Kind, plugin string, config *canon.Object, others ...string) (domain.Domain, error) {
	switch plugin {
	case quadratic.Plugin, quadratic.Alias:
		return made(quadratic.New(config, others...))
	case bbob.Plugin:
		return made(bbob.NewDomain(config, others...))
	case forecast.Plugin:
		return made(forecast.NewWith(kinds, config, others...))
	case tabular.Plugin:
		return made(tabular.NewWith(kinds, config, others...))
	}
	return nil, fmt.Errorf("%w %.80q: built in are %q", ErrUnknownPlugin, plugin, Plugins())
}

// On is NewWith for domains whose networks are trained by t, but for kinds that are not lowered. Domains that train none take no notice
// of either. draw shows their networks; nil: nobody does.
func On(t device.Trainer, draw kind.Draw, kinds []kind.Kind, others ...string) func(plugin string, config *canon.Object) (domain.Domain, error) {
	return func(plugin string, config *canon.Object) (domain.Domain, error) {
		d, err := NewWith(kinds, plugin, config, others...)
		if trainee, ok := d.(Trainee); ok {
			trainee.TrainOn(t)
			trainee.DrawWith(draw)
		}
		return d, err
	}
}

// made turns a nil pointer of a failed constructor into a nil interface.
func made[D domain.Domain](d D, err error) (domain.Domain, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
}
