/* Watches, fails or kills at the file operations of an unmodified process (LD_PRELOAD).
 *
 * Nothing happens until the process itself calls capture_watch. From then on every operation on a file
 * below the watched folder that changes what is on the disk is counted, and one of three things happens
 * to it: it is written to a log, with its bytes and in the order of its effects, for a replay of what a
 * loss of power would leave; it fails with an errno; or the process dies before or after it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* This file defines open() and open64() and the like as two symbols, so it must not fold them. */
#undef open
#undef open64
#undef openat
#undef openat64
#undef pread
#undef pread64
#undef pwrite
#undef pwrite64
#undef ftruncate
#undef ftruncate64

#define MOST_FILES 4096
#define KILL_BEFORE (-1)
#define KILL_AFTER (-2)

static char folder[4096];
static size_t folder_length;
static int log_file = -1;
static char *paths[MOST_FILES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static char wanted_operations[16];
static char wanted_path[256];
static long first_fault, faults, matched, operations;
static int fault;

struct record {
    uint8_t operation;
    uint64_t inode;
    int64_t offset;
    uint32_t path_length;
    uint32_t data_length;
} __attribute__((packed));

/* Watch the files below a folder; log them unless the log's name is empty. */
void capture_watch(const char *below, const char *log_name) {
    snprintf(folder, sizeof folder, "%s/", below);
    if (log_name[0])
        log_file = (int)syscall(SYS_openat, AT_FDCWD, log_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    folder_length = strlen(folder);
}

/* From now on, let `count` operations of these kinds on paths that contain `path` end in `error`,
 * beginning with number `first` (from 0). A negative error kills before (-1) or after (-2) it. */
void capture_fault(const char *kinds, const char *path, long first, long count, int error) {
    pthread_mutex_lock(&lock);
    snprintf(wanted_operations, sizeof wanted_operations, "%s", kinds);
    snprintf(wanted_path, sizeof wanted_path, "%s", path);
    first_fault = first;
    faults = count;
    fault = error;
    matched = 0;
    pthread_mutex_unlock(&lock);
}

/* How many operations matched since capture_fault. */
long capture_matched(void) { return matched; }

static int is_watched(const char *path) {
    return folder_length && path && (strncmp(path, folder, folder_length) == 0 ||
                                     strncmp(path, folder, folder_length - 1) == 0);
}

static const char *absolute(const char *path, char *room, size_t size) {
    if (path[0] == '/' || !getcwd(room, size)) return path;
    strncat(room, "/", size - strlen(room) - 1);
    strncat(room, path, size - strlen(room) - 1);
    return room;
}

static const char *path_of(int file) { return file >= 0 && file < MOST_FILES ? paths[file] : NULL; }

static uint64_t inode_of(int file) {
    struct stat status;
    return fstat(file, &status) == 0 ? (uint64_t)status.st_ino : 0;
}

static void put_all(const char *bytes, size_t length) {
    while (length) {
        long done = syscall(SYS_write, log_file, bytes, length);
        if (done <= 0) abort();
        bytes += done;
        length -= (size_t)done;
    }
}

static void note(char operation, uint64_t inode, int64_t offset, const char *path, const void *data, size_t size) {
    if (log_file < 0) return;
    struct record head = {(uint8_t)operation, inode, offset, (uint32_t)strlen(path), (uint32_t)size};
    size_t length = sizeof head + head.path_length + size;
    char *whole = malloc(length);
    if (!whole) abort();
    memcpy(whole, &head, sizeof head);
    memcpy(whole + sizeof head, path, head.path_length);
    if (size) memcpy(whole + sizeof head + head.path_length, data, size);
    put_all(whole, length);
    free(whole);
}

/* Called with the lock held, before an operation: 0 to go on, else the error it must fail with. */
static int before(char operation, const char *path) {
    operations++;
    if (!faults || !strchr(wanted_operations, operation) || !strstr(path, wanted_path)) return 0;
    long number = matched++;
    if (number < first_fault || number >= first_fault + faults) return 0;
    if (fault == KILL_BEFORE) syscall(SYS_kill, getpid(), SIGKILL);
    return fault > 0 ? fault : 0;
}

static void after(char operation, const char *path) {
    if (fault != KILL_AFTER || !faults) return;
    if (!strchr(wanted_operations, operation) || !strstr(path, wanted_path)) return;
    if (matched - 1 == first_fault) syscall(SYS_kill, getpid(), SIGKILL);
}

#define REAL(result, name, ...)                                        \
    static result (*real)(__VA_ARGS__);                                \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

/* One guarded operation: `call` runs with the lock held, `log` only when it worked. */
#define GUARDED(kind, path, call, log)            \
    do {                                          \
        pthread_mutex_lock(&lock);                \
        int refused = before(kind, path);         \
        if (refused) {                            \
            pthread_mutex_unlock(&lock);          \
            errno = refused;                      \
            return -1;                            \
        }                                         \
        call;                                     \
        int kept = errno;                         \
        if (done >= 0) {                          \
            log;                                  \
        }                                         \
        after(kind, path);                        \
        pthread_mutex_unlock(&lock);              \
        errno = kept;                             \
        return done;                              \
    } while (0)

static int opened(const char *path, int flags, mode_t mode, int directory) {
    char room[4096];
    const char *name = path[0] == '/' || directory == AT_FDCWD ? absolute(path, room, sizeof room) : path;
    if (!is_watched(name)) return (int)syscall(SYS_openat, directory, path, flags, mode);
    pthread_mutex_lock(&lock);
    int exists = access(name, F_OK) == 0;
    char kind = !exists && (flags & O_CREAT) ? 'c' : 'o';
    int refused = kind == 'c' ? before(kind, name) : 0;
    int done = refused ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
    int kept = refused ? refused : errno;
    if (done >= 0 && done < MOST_FILES) {
        free(paths[done]);
        paths[done] = strdup(name);
        if (kind == 'c') note('c', inode_of(done), 0, name, NULL, 0);
        if (exists && (flags & O_TRUNC)) note('t', inode_of(done), 0, name, NULL, 0);
        if (kind == 'c') after(kind, name);
    }
    pthread_mutex_unlock(&lock);
    errno = kept;
    return done;
}

#define OPENER(name)                                         \
    int name(const char *path, int flags, ...) {             \
        va_list rest;                                        \
        va_start(rest, flags);                               \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                        \
        return opened(path, flags, mode, AT_FDCWD);          \
    }
OPENER(open)
OPENER(open64)

#define OPENER_AT(name)                                      \
    int name(int directory, const char *path, int flags, ...) { \
        va_list rest;                                        \
        va_start(rest, flags);                               \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                        \
        return opened(path, flags, mode, directory);         \
    }
OPENER_AT(openat)
OPENER_AT(openat64)

/* A read changes nothing and is not logged; it can only be told to fail. */
static int unreadable(int file) {
    const char *path = path_of(file);
    if (!path || !faults || !strchr(wanted_operations, 'i')) return 0;
    pthread_mutex_lock(&lock);
    int refused = path_of(file) ? before('i', paths[file]) : 0;
    pthread_mutex_unlock(&lock);
    if (refused) errno = refused;
    return refused;
}

ssize_t read(int file, void *data, size_t size) {
    REAL(ssize_t, "read", int, void *, size_t);
    return unreadable(file) ? -1 : real(file, data, size);
}

#define READER(name, offset_type)                                       \
    ssize_t name(int file, void *data, size_t size, offset_type offset) { \
        REAL(ssize_t, #name, int, void *, size_t, offset_type);         \
        return unreadable(file) ? -1 : real(file, data, size, offset);  \
    }
READER(pread, off_t)
READER(pread64, off64_t)

int close(int file) {
    REAL(int, "close", int);
    if (path_of(file)) {
        pthread_mutex_lock(&lock);
        free(paths[file]);
        paths[file] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return real(file);
}

ssize_t write(int file, const void *bytes, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    const char *path = path_of(file);
    if (!is_watched(path)) return real(file, bytes, size);
    ssize_t done;
    GUARDED('w', path, done = real(file, bytes, size),
            note('w', inode_of(file), lseek(file, 0, SEEK_CUR) - done, path, bytes, (size_t)done));
}

static ssize_t write_at(int file, const void *bytes, size_t size, off_t offset) {
    const char *path = path_of(file);
    if (!is_watched(path)) return syscall(SYS_pwrite64, file, bytes, size, offset);
    ssize_t done;
    GUARDED('w', path, done = syscall(SYS_pwrite64, file, bytes, size, offset),
            note('w', inode_of(file), offset, path, bytes, (size_t)done));
}
ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) { return write_at(file, bytes, size, offset); }
ssize_t pwrite64(int file, const void *bytes, size_t size, off_t offset) { return write_at(file, bytes, size, offset); }

static int synced(int file, int (*real)(int)) {
    const char *path = path_of(file);
    if (!is_watched(path)) return real(file);
    int done;
    GUARDED('f', path, done = real(file), note('f', inode_of(file), 0, path, NULL, 0));
}
int fsync(int file) {
    REAL(int, "fsync", int);
    return synced(file, real);
}
int fdatasync(int file) {
    REAL(int, "fdatasync", int);
    return synced(file, real);
}

static int truncated(int file, off_t size) {
    const char *path = path_of(file);
    if (!is_watched(path)) return (int)syscall(SYS_ftruncate, file, size);
    int done;
    GUARDED('t', path, done = (int)syscall(SYS_ftruncate, file, size),
            note('t', inode_of(file), size, path, NULL, 0));
}
int ftruncate(int file, off_t size) { return truncated(file, size); }
int ftruncate64(int file, off_t size) { return truncated(file, size); }

int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    if (!is_watched(to)) return real(from, to);
    int done;
    GUARDED('l', to, done = real(from, to), note('l', 0, 0, to, from, strlen(from)));
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    if (!is_watched(to)) return real(from, to);
    int done;
    GUARDED('r', to, done = real(from, to), note('r', 0, 0, to, from, strlen(from)));
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    if (!is_watched(path)) return real(path);
    int done;
    GUARDED('u', path, done = real(path), note('u', 0, 0, path, NULL, 0));
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    if (!is_watched(path)) return real(path, mode);
    int done;
    GUARDED('m', path, done = real(path, mode), note('m', 0, 0, path, NULL, 0));
}

int rmdir(const char *path) {
    REAL(int, "rmdir", const char *);
    if (!is_watched(path)) return real(path);
    int done;
    GUARDED('d', path, done = real(path), note('d', 0, 0, path, NULL, 0));
}
