// SPDX-License-Identifier: Apache-2.0
/* What a work type of one's own may ask for; see custom.h. */
#include "custom.h"

#include <string.h>

int64_t custom_param(const struct worker *w, const char *name, int64_t otherwise)
{
	for (size_t i = 0; i < w->opt.param_count; i++) {
		if (!strcmp(w->opt.params[i].name, name))
			return w->opt.params[i].value;
	}
	return otherwise;
}
