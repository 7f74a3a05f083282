// SPDX-License-Identifier: Apache-2.0
#include "tests/names/x =y,/one@1=.h"

int main(void)
{
	return ONE - 1;
}
