/* SPDX-License-Identifier: Apache-2.0 */
#define ONE 1
