/*
 * Preloaded into a child process: writes down, in order, what the process does to the files of one directory, so that
 * the test can work out what a power loss at any moment may leave of them. Nothing is synced for real: a "synced" file
 * is one for which the log says so.
 *
 * POWERCUT_DIRECTORY  the directory, absolute
 * POWERCUT_LOG        the log, outside of it
 *
 * While <directory>/fail-sync exists, fsync and fdatasync fail with EIO. What is written to <directory>/ack goes to the
 * log and nowhere else. Index files (-shm) are left alone: they are rebuilt after a loss.
 *
 * Entry: kind u8, path length u16, offset u64, data length u32, path, data; integers little-endian.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILES = 4096, PATH = 512 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char names[FILES][PATH];
static char directory[PATH];
static int log_fd = -1;

__attribute__((constructor)) static void start(void)
{
	const char *dir = getenv("POWERCUT_DIRECTORY"), *log = getenv("POWERCUT_LOG");
	if (!dir || !log || strlen(dir) >= PATH - 64)
		return;
	log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	strcpy(directory, dir);
}

static void entry(char kind, const char *path, uint64_t offset, const void *data, uint32_t length)
{
	uint16_t path_length = (uint16_t)strlen(path);
	char head[15];
	head[0] = kind;
	memcpy(head + 1, &path_length, 2);
	memcpy(head + 3, &offset, 8);
	memcpy(head + 11, &length, 4);
	struct iovec parts[3] = {
		{ head, sizeof head },
		{ (void *)path, path_length },
		{ (void *)data, length },
	};
	ssize_t whole = (ssize_t)(sizeof head + path_length + length);
	if (syscall(SYS_writev, log_fd, parts, 3) != whole)
		abort();
}

static int ends_with(const char *path, const char *ending)
{
	size_t length = strlen(path), tail = strlen(ending);
	return length >= tail && !strcmp(path + length - tail, ending);
}

static int followed(const char *path)
{
	size_t length = strlen(directory);
	if (log_fd < 0 || !length || strncmp(path, directory, length) || strlen(path) >= PATH)
		return 0;
	return (path[length] == 0 || path[length] == '/') && !ends_with(path, "-shm");
}

/* The name of a followed descriptor, or nothing. */
static const char *name_of(int fd)
{
	return fd >= 0 && fd < FILES && names[fd][0] ? names[fd] : NULL;
}

static int is_ack(const char *name)
{
	return ends_with(name, "/ack");
}

static int open_and_follow(int at, const char *path, int flags, mode_t mode)
{
	if (!followed(path))
		return (int)syscall(SYS_openat, at, path, flags, mode);
	pthread_mutex_lock(&lock);
	int is_new = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
	int fd = (int)syscall(SYS_openat, at, path, flags, mode);
	int error = errno;
	if (fd >= FILES)
		abort();
	if (fd >= 0) {
		strcpy(names[fd], path);
		if (is_new && !is_ack(path))
			entry('C', path, 0, NULL, 0);
		else if ((flags & O_TRUNC) && !is_ack(path))
			entry('T', path, 0, NULL, 0);
	}
	pthread_mutex_unlock(&lock);
	errno = error;
	return fd;
}

#define OPEN(symbol)                                                     \
	int symbol(const char *path, int flags, ...)                     \
	{                                                                \
		va_list rest;                                            \
		va_start(rest, flags);                                   \
		mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
		va_end(rest);                                            \
		return open_and_follow(AT_FDCWD, path, flags, mode);     \
	}
OPEN(open)
OPEN(open64)

#define OPENAT(symbol)                                                   \
	int symbol(int at, const char *path, int flags, ...)             \
	{                                                                \
		va_list rest;                                            \
		va_start(rest, flags);                                   \
		mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
		va_end(rest);                                            \
		return open_and_follow(at, path, flags, mode);           \
	}
OPENAT(openat)
OPENAT(openat64)

int close(int fd)
{
	if (name_of(fd)) {
		pthread_mutex_lock(&lock);
		names[fd][0] = 0;
		pthread_mutex_unlock(&lock);
	}
	return (int)syscall(SYS_close, fd);
}

static ssize_t write_and_log(int fd, const void *data, size_t length, off_t offset)
{
	const char *name = name_of(fd);
	if (name && is_ack(name)) {
		pthread_mutex_lock(&lock);
		entry('A', name, 0, data, (uint32_t)length);
		pthread_mutex_unlock(&lock);
		return (ssize_t)length;
	}
	pthread_mutex_lock(&lock);
	if (offset < 0)
		offset = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
	ssize_t written = (ssize_t)syscall(SYS_pwrite64, fd, data, length, offset);
	int error = errno;
	if (written > 0)
		entry('W', name, (uint64_t)offset, data, (uint32_t)written);
	pthread_mutex_unlock(&lock);
	errno = error;
	return written;
}

ssize_t write(int fd, const void *data, size_t length)
{
	if (!name_of(fd))
		return (ssize_t)syscall(SYS_write, fd, data, length);
	ssize_t written = write_and_log(fd, data, length, -1);
	if (written > 0 && !is_ack(name_of(fd)))
		syscall(SYS_lseek, fd, written, SEEK_CUR);
	return written;
}

#define PWRITE(symbol)                                                          \
	ssize_t symbol(int fd, const void *data, size_t length, off_t offset)   \
	{                                                                       \
		if (!name_of(fd))                                               \
			return (ssize_t)syscall(SYS_pwrite64, fd, data, length, offset); \
		return write_and_log(fd, data, length, offset);                 \
	}
PWRITE(pwrite)
PWRITE(pwrite64)

#define FTRUNCATE(symbol)                                                  \
	int symbol(int fd, off_t length)                                   \
	{                                                                  \
		const char *name = name_of(fd);                            \
		if (!name)                                                 \
			return (int)syscall(SYS_ftruncate, fd, length);    \
		pthread_mutex_lock(&lock);                                 \
		int result = (int)syscall(SYS_ftruncate, fd, length);      \
		if (result == 0)                                           \
			entry('T', name, (uint64_t)length, NULL, 0);       \
		pthread_mutex_unlock(&lock);                               \
		return result;                                             \
	}
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

static int sync_and_log(int fd, long number)
{
	const char *name = name_of(fd);
	if (!name)
		return (int)syscall(number, fd);
	char fail[PATH + 16];
	snprintf(fail, sizeof fail, "%s/fail-sync", directory);
	if (syscall(SYS_faccessat, AT_FDCWD, fail, F_OK) == 0) {
		errno = EIO;
		return -1;
	}
	pthread_mutex_lock(&lock);
	entry(strcmp(name, directory) ? 'S' : 'D', name, 0, NULL, 0);
	pthread_mutex_unlock(&lock);
	return 0;
}

int fsync(int fd) { return sync_and_log(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_and_log(fd, SYS_fdatasync); }

int unlink(const char *path)
{
	if (!followed(path))
		return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
	pthread_mutex_lock(&lock);
	int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
	if (result == 0)
		entry('U', path, 0, NULL, 0);
	pthread_mutex_unlock(&lock);
	return result;
}

int rename(const char *from, const char *to)
{
	if (!followed(from))
		return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	pthread_mutex_lock(&lock);
	int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
	if (result == 0)
		entry('R', from, 0, to, (uint32_t)strlen(to));
	pthread_mutex_unlock(&lock);
	return result;
}
