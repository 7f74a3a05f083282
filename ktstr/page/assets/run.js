// SPDX-License-Identifier: Apache-2.0
"use strict";
ktstr.charts(document.querySelector("article"));
window.addEventListener("hashchange", () => ktstr.readStretch());
