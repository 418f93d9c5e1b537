/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* BASE_TSAN: built with ThreadSanitizer, which has to be told what it cannot see. */
#ifndef BASE_SANITIZE_H
#define BASE_SANITIZE_H

#if defined(__SANITIZE_THREAD__)
#define BASE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BASE_TSAN 1
#endif
#endif

#ifndef BASE_TSAN
#define BASE_TSAN 0
#endif

#endif
