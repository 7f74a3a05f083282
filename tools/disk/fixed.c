// SPDX-License-Identifier: Apache-2.0
// Preloaded into a mkfs program, so that what it writes depends on its inputs alone: one fixed
// moment, random bytes that follow from a seed, files that belong to root and have no extended
// attributes, wherever and by whomever they were staged, and an image in which holes can be
// punched, whatever file system it lies on.
//
// KTSTR_SEED: 16 hex digits.  KTSTR_TIME: seconds since 1970.  Both must be set.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

static uint64_t state;
static time_t moment;

static uint64_t required(const char *name, int base)
{
	const char *text = getenv(name);
	char *end = NULL;
	errno = 0;
	uint64_t value = text ? strtoull(text, &end, base) : 0;
	if (!text || end == text || *end || errno) {
		fprintf(stderr, "fixed.so: %s is %s; expected a number\n", name,
			text ? text : "not set");
		_exit(127);
	}
	return value;
}

__attribute__((constructor)) static void start(void)
{
	state = required("KTSTR_SEED", 16);
	moment = (time_t)required("KTSTR_TIME", 10);
}

// SplitMix64 (Steele, Lea and Flood, 2014).
static uint64_t next_random(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

PUBLIC ssize_t getrandom(void *buffer, size_t length, unsigned int flags)
{
	(void)flags;
	unsigned char *bytes = buffer;
	for (size_t i = 0; i < length; i++) {
		bytes[i] = (unsigned char)(next_random() >> 56);
	}
	return (ssize_t)length;
}

PUBLIC long random(void)
{
	return (long)(next_random() >> 33);
}

PUBLIC long jrand48(unsigned short x[3])
{
	(void)x;
	return (int32_t)(next_random() >> 32);
}

// libuuid's, as RFC 9562 defines version 4.
PUBLIC void uuid_generate(unsigned char *uuid)
{
	getrandom(uuid, 16, 0);
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
}

PUBLIC time_t time(time_t *where)
{
	if (where) {
		*where = moment;
	}
	return moment;
}

PUBLIC int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	(void)zone;
	*now = (struct timeval){.tv_sec = moment};
	return 0;
}

PUBLIC int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
		return (int)syscall(SYS_clock_gettime, clock, now);
	}
	*now = (struct timespec){.tv_sec = moment};
	return 0;
}

static void own(struct stat *found)
{
	found->st_uid = 0;
	found->st_gid = 0;
	found->st_atim = found->st_mtim = found->st_ctim = (struct timespec){.tv_sec = moment};
}

PUBLIC int lstat(const char *restrict path, struct stat *restrict found)
{
	int status = fstatat(AT_FDCWD, path, found, AT_SYMLINK_NOFOLLOW);
	if (status == 0) {
		own(found);
	}
	return status;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int kind_of(const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_D:
		return FTW_D;
	case FTS_SL:
	case FTS_SLNONE:
		return FTW_SL;
	case FTS_DNR:
		return FTW_DNR;
	case FTS_NS:
		return FTW_NS;
	default:
		return FTW_F;
	}
}

// In the order of names, where libc's is the order of the file system that was staged on.  Knows
// the one way that mkfs.btrfs calls it: directories first, symbolic links not followed.
PUBLIC int nftw(const char *path, __nftw_func_t visit, int descriptors, int flags)
{
	(void)descriptors;
	if (flags != FTW_PHYS) {
		fprintf(stderr, "fixed.so: nftw with flags %#x is not known\n",
			(unsigned int)flags);
		errno = ENOTSUP;
		return -1;
	}
	char *const roots[] = {(char *)path, NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	if (!walk) {
		return -1;
	}
	int status = 0;
	FTSENT *entry = NULL;
	while (!status && (errno = 0, entry = fts_read(walk))) {
		if (entry->fts_info == FTS_DP) {
			continue;
		}
		struct FTW place = {.base = entry->fts_pathlen - entry->fts_namelen,
				    .level = entry->fts_level};
		own(entry->fts_statp);
		status = visit(entry->fts_path, entry->fts_statp, kind_of(entry), &place);
	}
	if (!entry && errno) {
		status = -1;
	}
	fts_close(walk);
	return status;
}

PUBLIC ssize_t listxattr(const char *path, char *list, size_t size)
{
	(void)path, (void)list, (void)size;
	return 0;
}

PUBLIC ssize_t llistxattr(const char *path, char *list, size_t size)
{
	return listxattr(path, list, size);
}

PUBLIC ssize_t flistxattr(int descriptor, char *list, size_t size)
{
	(void)descriptor;
	return listxattr(NULL, list, size);
}

// Writes zeros over what is not zero up to the end of the file, from `offset` to `end`.
static int clear(int descriptor, off_t offset, off_t end)
{
	static const char zeros[1 << 16];
	static char found[sizeof(zeros)];
	while (offset < end) {
		size_t wanted = sizeof(found);
		if (end - offset < (off_t)wanted) {
			wanted = (size_t)(end - offset);
		}
		ssize_t got = pread(descriptor, found, wanted, offset);
		if (got <= 0) {
			return (int)got;
		}
		if (memcmp(found, zeros, (size_t)got)) {
			got = pwrite(descriptor, zeros, (size_t)got, offset);
			if (got < 0) {
				return -1;
			}
		}
		offset += got;
	}
	return 0;
}

// Where a file system cannot make zeros by itself, as FUSE may not, mke2fs would leave out what it
// knows to be zero elsewhere, and mark other groups of blocks as initialized.
PUBLIC int fallocate(int descriptor, int mode, off_t offset, off_t length)
{
	int status = (int)syscall(SYS_fallocate, descriptor, mode, offset, length);
	int zeroes = mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE);
	if (!status || !zeroes || (errno != EOPNOTSUPP && errno != ENOSYS)) {
		return status;
	}
	struct stat found;
	off_t end = offset + length;
	if (fstat(descriptor, &found)) {
		return -1;
	}
	if (found.st_size < end && !(mode & FALLOC_FL_KEEP_SIZE) && ftruncate(descriptor, end)) {
		return -1;
	}
	return clear(descriptor, offset, end);
}

PUBLIC int fallocate64(int descriptor, int mode, off64_t offset, off64_t length)
{
	return fallocate(descriptor, mode, offset, length);
}
